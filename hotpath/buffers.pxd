"""Opens what a caller gives as an array of numbers, without the cost of a typed memoryview."""
from cpython.buffer cimport (
    PyBUF_C_CONTIGUOUS, PyBUF_FORMAT, PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer,
)


cdef inline Py_ssize_t open_bytes(object source, Py_buffer* view) except -1:
    """How many bytes it has; the caller calls PyBuffer_Release."""
    PyObject_GetBuffer(source, view, PyBUF_SIMPLE)
    return view.len


cdef inline bint share_memory(const Py_buffer* view, const Py_buffer* other) noexcept nogil:
    """Whether two open buffers have a byte in common; one that was never opened has none."""
    cdef const char* start = <const char*>view.buf
    cdef const char* other_start = <const char*>other.buf
    return start < other_start + other.len and other_start < start + view.len


cdef inline Py_ssize_t open_array(
    object source, Py_buffer* view, const char* formats, Py_ssize_t itemsize, bint writable
) except -1:
    """How many numbers a C-contiguous array of one of these two formats has; the caller calls PyBuffer_Release.

    TypeError for any other kind of number; BufferError or ValueError from the array when it cannot be read so.
    """
    cdef const char* told
    PyObject_GetBuffer(source, view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS | (PyBUF_WRITABLE if writable else 0))
    told = view.format
    if told != NULL and (told[0] == c"@" or told[0] == c"=" or told[0] == c"<"):
        told += 1
    if told != NULL and view.ndim == 1 and view.itemsize == itemsize:
        if (told[0] == formats[0] or told[0] == formats[1]) and told[1] == 0:
            return view.len // itemsize
    found = "bytes" if told == NULL else (<bytes>told).decode()
    PyBuffer_Release(view)
    raise TypeError(
        f"expected a contiguous array of one dimension, format {(<bytes>formats).decode()} and {itemsize} bytes a number, "
        f"found format {found}"
    )
