"""What the commands do, one file each; `serving.cli` only names them."""
