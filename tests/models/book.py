"""A price-level book made of two dictionaries, sorted anew for every question."""

from tests.models.hashing import hash_words

BUY, SELL = 1, -1
Level = tuple[int, int]


class SlowBook:
    """The same answers as letrade.hotpath.book.Book, from sizes by price."""

    def __init__(self) -> None:
        self.sizes: dict[int, dict[int, int]] = {BUY: {}, SELL: {}}

    def update(self, side: int, price: int, size: int) -> None:
        self.sizes[side][price] = size
        if size == 0:
            del self.sizes[side][price]

    def load(self, bids: list[Level], asks: list[Level]) -> None:
        self.sizes = {BUY: {}, SELL: {}}
        for side, levels in ((BUY, bids), (SELL, asks)):
            for price, size in levels:
                self.update(side, price, size)

    def depth(self, side: int, n: int) -> list[Level]:
        return sorted(self.sizes[side].items(), key=lambda level: -side * level[0])[:n]

    def best(self) -> tuple[Level | None, Level | None]:
        bids, asks = self.depth(BUY, 1), self.depth(SELL, 1)
        return bids[0] if bids else None, asks[0] if asks else None

    def is_crossed(self) -> bool:
        bid, ask = self.best()
        return bid is not None and ask is not None and bid[0] >= ask[0]

    def sweep(self, side: int, size: int, limit: int | None) -> list[Level]:
        fills = []
        for price, offered in self.depth(-side, len(self.sizes[-side])):
            allowed = limit is None or (price <= limit if side == BUY else price >= limit)
            if size and allowed:
                fills.append((price, min(size, offered)))
                size -= min(size, offered)
        return fills

    def state_hash(self) -> int:
        words = []
        for side in (BUY, SELL):
            words.append(len(self.sizes[side]))
            for price, size in reversed(self.depth(side, len(self.sizes[side]))):
                words += [side * price, size]
        return hash_words(words)
