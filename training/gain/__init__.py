"""What finishing a module adds to each skill, estimated from answers before and after."""
