# cython: cdivision=True
"""Reads tier tables and haircuts: a table with a gap, in the wrong order or with wrong amounts is refused."""
from libc.math cimport INFINITY
from libc.stdlib cimport calloc, free

from letrade.hotpath.margin.bounded cimport Bounded
from letrade.hotpath.margin.doors cimport not_negative, positive, share, word
from letrade.hotpath.margin.rows cimport Book, Haircut, Table

cdef enum:
    TIERS_MAX = 1000


cdef inline list floors_read(object floors, object name):
    """Each at least a billionth above the last, so that a size is never near two of them."""
    cdef list read = [not_negative(floor, f"a floor of {name}") for floor in floors]
    cdef int tier
    if not 1 <= len(read) <= TIERS_MAX:
        raise ValueError(f"expected from 1 to {TIERS_MAX} tiers in {name}, found {len(read)}")
    if read[0] != 0.0:
        raise ValueError(f"expected the first tier of {name} to begin at 0, found {read[0]:g}")
    for tier in range(1, len(read)):
        if not read[tier] > read[tier - 1] * (1.0 + 1e-9):
            raise ValueError(
                f"expected the floors of {name} to rise, found {read[tier]:g} after {read[tier - 1]:g} "
                f"in tier {tier + 1}"
            )
    return read


cdef inline list rates_read(object rates, int count):
    cdef list read = [share(rate, "a maintenance rate") for rate in rates]
    cdef int tier
    if len(read) != count:
        raise ValueError(f"expected a maintenance rate for each of {count} tiers, found {len(read)}")
    for tier in range(1, count):
        if read[tier] < read[tier - 1]:
            raise ValueError(
                f"expected rates that do not fall, found {read[tier]:g} after {read[tier - 1]:g} in tier {tier + 1}"
            )
    return read


cdef inline list exact_amounts(list floors, list rates):
    """Those that make maintenance continuous, as fractions: Σ floor × (rate − rate below)."""
    from fractions import Fraction

    amounts = [Fraction(0)]
    for tier in range(1, len(floors)):
        step = Fraction(rates[tier]) - Fraction(rates[tier - 1])
        amounts.append(amounts[tier - 1] + Fraction(floors[tier]) * step)
    return amounts


cdef inline list amounts_read(object amounts, list floors, list rates):
    """The venue's own amounts, which may be rounded: a millionth of the floor is the most that they may be wrong by."""
    from fractions import Fraction

    cdef list read = [not_negative(amount, "a maintenance amount") for amount in amounts]
    cdef list exact = exact_amounts(floors, rates)
    if len(read) != len(floors):
        raise ValueError(f"expected a maintenance amount for each of {len(floors)} tiers, found {len(read)}")
    for tier in range(1, len(read)):
        if abs(Fraction(read[tier]) - exact[tier]) > Fraction(floors[tier]) / 1_000_000:
            raise ValueError(
                f"expected the amount {float(exact[tier]):g} in tier {tier + 1}, which makes maintenance continuous, "
                f"found {read[tier]:g}; leave amounts out to have them computed"
            )
    if len(read) > 1 and read[0] != 0.0:
        raise ValueError(f"expected an amount of 0 in the first of several tiers, found {read[0]:g}")
    return [Fraction(amount) for amount in read]


cdef inline Bounded of_fraction(object number) except *:
    """Its nearest 106 bits; what is left is less than the error of any product that it enters."""
    cdef Bounded found
    found.high = float(number)
    rest = number - type(number)(found.high)
    found.low = float(rest)
    rest -= type(number)(found.low)
    found.error = abs(float(rest)) * 1.5
    return found


cdef inline int read_table(
    Table* table, object floors, object rates, object amounts, object cap, object form, object edge
) except -1:
    """Fills a table; what it holds is freed with free_table."""
    cdef list read_floors = floors_read(floors, "a tier table"), read_rates = rates_read(rates, len(read_floors))
    cdef bint flat = word(form, ("cumulative", "flat"), "form") == 1
    cdef double top = INFINITY if cap is None else positive(cap, "the cap of the last tier"), spread = 0.0
    cdef int tier, count = len(read_floors)
    if not top > read_floors[-1]:
        raise ValueError(f"expected a cap above the floor {read_floors[-1]:g} of the last tier, found {top:g}")
    if flat and amounts is not None:
        raise ValueError("a flat table has no amounts: leave them out, or give its form as cumulative")
    read_amounts = exact_amounts(read_floors, read_rates)
    if amounts is not None:
        read_amounts = amounts_read(amounts, read_floors, read_rates)
    table.inclusive_caps = word(edge, ("lower", "upper"), "edge") == 0
    table.jumps = flat or amounts is not None
    table.flat, table.cap, table.count = flat, top, count
    table.floors = <double*>calloc(count, sizeof(double))
    table.rates = <double*>calloc(count, sizeof(double))
    table.spreads = <double*>calloc(count, sizeof(double))
    table.amounts = <Bounded*>calloc(count, sizeof(Bounded))
    if table.floors == NULL or table.rates == NULL or table.spreads == NULL or table.amounts == NULL:
        free_table(table)
        raise MemoryError("no memory for another tier table")
    for tier in range(count):
        table.floors[tier], table.rates[tier] = read_floors[tier], read_rates[tier]
        if tier:
            spread += table.floors[tier] * (table.rates[tier] + table.rates[tier - 1])
        if not flat:
            table.amounts[tier] = of_fraction(read_amounts[tier])
        table.spreads[tier] = max(spread, table.amounts[tier].high)
    return 0


cdef inline void free_table(Table* table) noexcept nogil:
    free(table.floors)
    free(table.rates)
    free(table.spreads)
    free(table.amounts)
    table.floors = table.rates = table.spreads = NULL
    table.amounts = NULL


cdef inline int read_haircut(Haircut* haircut, object floors, object shares, object by) except -1:
    cdef list read_floors = floors_read(floors, "a haircut")
    cdef list read_shares = [share(part, "the share that counts") for part in shares]
    cdef int tier, count = len(read_floors)
    if len(read_shares) != count:
        raise ValueError(f"expected a share for each of {count} haircut tiers, found {len(read_shares)}")
    haircut.by_amount = word(by, ("value", "amount"), "by") == 1
    haircut.count = count
    haircut.floors = <double*>calloc(count, sizeof(double))
    haircut.rates = <double*>calloc(count, sizeof(double))
    if haircut.floors == NULL or haircut.rates == NULL:
        free_haircut(haircut)
        raise MemoryError("no memory for another haircut")
    for tier in range(count):
        haircut.floors[tier], haircut.rates[tier] = read_floors[tier], read_shares[tier]
    return 0


cdef inline void free_haircut(Haircut* haircut) noexcept nogil:
    free(haircut.floors)
    free(haircut.rates)
    haircut.floors = haircut.rates = NULL


cdef inline void free_book(Book* book) noexcept nogil:
    """Everything that a book holds."""
    cdef int place
    for place in range(book.table_count):
        free_table(&book.tables[place])
    for place in range(book.haircut_count):
        free_haircut(&book.haircuts[place])
    for place in range(book.account_count):
        free(book.accounts[place].lines)
        free(book.accounts[place].collaterals)
    free(book.tables)
    free(book.haircuts)
    free(book.accounts)
    free(book.places)
    free(book.instruments)
    free(book.marks)
    free(book.indexes)
    free(book.moving)
