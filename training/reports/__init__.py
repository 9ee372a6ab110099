"""What people look at: plots for a run's page, tables for the terminal."""
