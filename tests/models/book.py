"""A price-level book made of two dictionaries, sorted anew for every question."""

from functools import reduce
from operator import add

from tests.models.hashing import hash_words

BUY, SELL = 1, -1
Level = tuple[int, int]


class SlowBook:
    """The same answers as letrade.hotpath.book.Book, from sizes by price."""

    def __init__(self, *, heal_crossed: bool = False) -> None:
        self.sizes: dict[int, dict[int, int]] = {BUY: {}, SELL: {}}
        self.heal_crossed = heal_crossed

    def update(self, side: int, price: int, size: int) -> bool:
        before = self.best_of(side)
        self.sizes[side][price] = size
        if size == 0:
            del self.sizes[side][price]
        elif self.heal_crossed:
            stale = [other for other in self.sizes[-side] if (other <= price if side == BUY else other >= price)]
            for other in stale:
                del self.sizes[-side][other]
        return self.best_of(side) != before

    def apply_rows(self, rows: list[tuple[int, int, int]]) -> bool:
        changed = False
        for row in rows:
            before = self.best_of(BUY), self.best_of(SELL)
            self.update(*row)
            changed |= before != (self.best_of(BUY), self.best_of(SELL))
        return changed

    def load(self, bids: list[Level], asks: list[Level]) -> None:
        self.sizes = {BUY: {}, SELL: {}}
        for side, levels in ((BUY, bids), (SELL, asks)):
            for price, size in levels:
                self.sizes[side][price] = size
            self.sizes[side] = {price: size for price, size in self.sizes[side].items() if size}

    def depth(self, side: int, n: int) -> list[Level]:
        return sorted(self.sizes[side].items(), key=lambda level: -side * level[0])[:n]

    def best_of(self, side: int) -> Level | None:
        sizes = self.sizes[side]
        if not sizes:
            return None
        price = max(sizes) if side == BUY else min(sizes)
        return price, sizes[price]

    def best(self) -> tuple[Level | None, Level | None]:
        return self.best_of(BUY), self.best_of(SELL)

    def best_prices(self) -> tuple[int, int]:
        bid, ask = self.best()
        return bid[0] if bid else 0, ask[0] if ask else 0

    def imbalance(self, n: int) -> float:
        # One after the other, as the book does: from Python 3.12 on sum() makes up for what is rounded off.
        bids, asks = (reduce(add, (float(size) for _, size in self.depth(side, n)), 0.0) for side in (BUY, SELL))
        return (bids - asks) / (bids + asks) if bids + asks else 0.0

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
