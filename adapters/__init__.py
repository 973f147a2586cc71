"""The adapters: one package per kind of portal; they see the core's seams and never each other."""
