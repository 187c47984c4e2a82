"""Text to token ids and back: byte-level BPE of our own, and SentencePiece."""
