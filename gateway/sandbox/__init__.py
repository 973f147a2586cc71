"""What the adapters' sandbox portals are made of: worlds, truth, minimum, faults, control."""
