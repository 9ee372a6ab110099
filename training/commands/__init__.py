"""What each command does; the command line only reads options and calls these."""
