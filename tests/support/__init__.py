"""An independent client of custodyd: its own protobuf, Ed25519, Merkle tree and notes, sharing no code with the programs."""
