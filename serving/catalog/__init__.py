"""What was put into the catalogue since the model was trained: judged, stored, laid over the bundle's own."""
