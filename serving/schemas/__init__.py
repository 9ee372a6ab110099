"""What requests and responses look like. Fields that are not listed are refused."""
