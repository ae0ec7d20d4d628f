"""Reads and writes fields of slotted objects where they lie in memory, as their class tells."""
from cpython.object cimport PyObject
from libc.stdint cimport int64_t

cdef enum:
    NO_FIELD = -1


cdef extern from *:
    """
    #include <structmember.h>
    static CYTHON_INLINE Py_ssize_t letrade_field_offset(PyObject *descriptor) {
        PyMemberDef *member;
        if (Py_TYPE(descriptor) != &PyMemberDescr_Type) return -1;
        member = ((PyMemberDescrObject *)descriptor)->d_member;
        return member->type == T_OBJECT_EX ? member->offset : -1;
    }
    static CYTHON_INLINE PyObject *letrade_field(PyObject *item, Py_ssize_t offset) {
        return *(PyObject **)((char *)item + offset);
    }
    static CYTHON_INLINE void letrade_set_field(PyObject *item, Py_ssize_t offset, PyObject *value) {
        PyObject **field = (PyObject **)((char *)item + offset);
        PyObject *old = *field;
        Py_INCREF(value);
        *field = value;
        Py_XDECREF(old);
    }
    """
    Py_ssize_t descriptor_offset "letrade_field_offset"(PyObject* descriptor) noexcept
    PyObject* field "letrade_field"(PyObject* item, Py_ssize_t offset) noexcept  # borrowed; NULL when it is not set
    void set_field "letrade_set_field"(PyObject* item, Py_ssize_t offset, PyObject* value) noexcept
    long long PyLong_AsLongLong(PyObject* number) except? -1


cdef inline Py_ssize_t offset_of(object kind, str name) except -2:
    """Where the field lies in every object of this class; NO_FIELD when it has none."""
    cdef object descriptor = getattr(kind, name, None)
    return descriptor_offset(<PyObject*>descriptor)


cdef inline PyObject* set_value(PyObject* item, Py_ssize_t offset) except NULL:
    """The field's value, borrowed; AttributeError when it was never set."""
    cdef PyObject* value = field(item, offset)
    if value == NULL:
        raise AttributeError(f"a field of this {type(<object>item).__name__} is not set")
    return value


cdef inline int64_t number(PyObject* item, Py_ssize_t offset) except? -1:
    """TypeError when the field holds no whole number, OverflowError when it is beyond 64 bits."""
    return PyLong_AsLongLong(set_value(item, offset))
