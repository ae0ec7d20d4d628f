"""The C side of reading: rows of a desk as tuples."""
from letrade.hotpath.simulation.desk_orders cimport FillRecord, OrderRecord

cdef tuple order_row(const OrderRecord* order)
cdef tuple fill_row(const FillRecord* fill)
