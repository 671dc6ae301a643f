"""What a call costs at the door: the service beside an empty echo on the same transport. See bench/README.md."""
