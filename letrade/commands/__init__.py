"""The commands of `letrade`, a module each, loaded when called."""
