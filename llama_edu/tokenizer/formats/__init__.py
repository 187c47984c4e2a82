"""The files that vocabularies come in, read as the arguments of a tokenizer, and written.

No module here knows a tokenizer: `BPETokenizer` and `SentencePieceTokenizer` call them, and
`load_tokenizer` decides which of the two a file is for.
"""
