"""What callers say of an order, read into a command: the same at both doors of a matching engine."""
from libc.string cimport memset

from letrade.hotpath.constants cimport MARKET_ORDER, PLACE
from letrade.hotpath.matching_state cimport Command
from letrade.hotpath.whole cimport small, whole


cdef inline int read_limit(
    Command* command, object order_id, object owner, object side, object price, object size, object time_in_force,
    bint post_only,
) except -1:
    memset(command, 0, sizeof(Command))
    command.id = whole(order_id)
    command.owner = whole(owner)
    command.side = small(side)
    command.price = whole(price)
    command.size = whole(size)
    command.time_in_force = small(time_in_force)
    command.post_only = post_only
    return 0


cdef inline int read_market(Command* command, object order_id, object owner, object side, object size) except -1:
    memset(command, 0, sizeof(Command))
    command.kind = MARKET_ORDER
    command.id = whole(order_id)
    command.owner = whole(owner)
    command.side = small(side)
    command.size = whole(size)
    return 0


cdef inline int read_terms(
    Command* command, object order_id, object owner, object kind, object side, object size, object price,
    object time_in_force, object expires, object trigger, object trail, object source, object shown, object group,
    bint post_only, bint reduce_only, object self_trade,
) except -1:
    command[0] = Command(
        whole(order_id), 0, whole(owner), whole(price), whole(size), whole(expires), whole(trigger), whole(trail),
        whole(shown), whole(group), PLACE, small(side), small(kind), small(time_in_force), post_only, reduce_only,
        small(self_trade), small(source),
    )
    return 0
