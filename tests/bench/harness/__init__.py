"""What `make bench` consists of; tests/bench/run is its entry."""
