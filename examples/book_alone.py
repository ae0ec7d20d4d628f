"""An order book by itself, as another service would use it: whole ticks and lots in, best prices out."""

from letrade import Book

BUY, SELL = 1, -1


def main() -> None:
    """A few levels of a market with a tick of 0.1, kept in whole ticks and lots."""
    book = Book()
    book.load(bids=[(617_999, 5), (617_998, 12)], asks=[(618_001, 3), (618_003, 8)])
    book.update(BUY, 618_000, 7)
    book.update(SELL, 618_001, 0)
    print("best bid and ask:", book.best())
    print("a buyer of 10 lots would get:", book.sweep(BUY, 10))
    print("crossed:", book.is_crossed())


if __name__ == "__main__":
    main()
