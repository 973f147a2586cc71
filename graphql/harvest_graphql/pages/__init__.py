"""What people see who come with a browser: the explorer, the plain page in its stead, the reference."""
