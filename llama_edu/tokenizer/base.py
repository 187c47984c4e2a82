"""What our tokenizers share: ids become bytes in one way, whatever the ids came from."""

from collections.abc import Iterable, Mapping

from llama_edu.tokenizer.whole_tokens import list_of_ids


class Tokenizer:
    """The ids of a vocabulary and the bytes that each stands for.

    Subclasses set `id_to_bytes`, and `n_ids`: below it an id may be without a token, and without
    text, as are rows that fill up an embedding.
    """

    id_to_bytes: Mapping[int, bytes]
    n_ids: int

    @property
    def vocab_size(self) -> int:
        """Rows that an embedding needs: the largest id plus one."""
        return max(self.id_to_bytes, default=-1) + 1

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The exact bytes of `ids`; for streaming, as a character may span several tokens.

        A leading space stays, so that the bytes of two lists joined are those of the joined list.
        An id below `n_ids` that has no token has no bytes.

        Raises:
            ValueError: if an id is not in the vocabulary, or no whole number.
        """
        return b"".join([self.id_to_bytes.get(i, b"") for i in self._check(ids)])

    def _check(self, ids: Iterable[int]) -> list[int]:
        ids = list_of_ids(ids)
        for i in ids:
            if i not in self.id_to_bytes and not 0 <= i < self.n_ids:
                size = self.vocab_size
                raise ValueError(f"id {i} is not in this vocabulary of {size} tokens")
        return ids
