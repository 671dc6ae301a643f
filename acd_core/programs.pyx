# cython: language_level=3
"""Requirements as postfix programs, read straight from plain text.

Reads what nearly all requirements look like: ASCII, no quoted names, within the bounds, nothing wrong. For any other
text it says so, and the caller asks `acd_core.requirement`, which also knows what is wrong and where. A test holds
both to the same meaning. Takes time linear in the text and makes no Python objects.
"""

from acd_core.limits import ID_BYTES_MAX, REQUIREMENT_BYTES_MAX, REQUIREMENT_DEPTH_MAX, REQUIREMENT_TERMS_MAX

cdef extern from "Python.h":
    bint PyUnicode_IS_COMPACT_ASCII(object text)
    const unsigned char* PyUnicode_1BYTE_DATA(object text)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)

cdef Py_ssize_t _BYTES_MAX = REQUIREMENT_BYTES_MAX
cdef int _TERMS_MAX = REQUIREMENT_TERMS_MAX
cdef int _DEPTH_MAX = REQUIREMENT_DEPTH_MAX
cdef int _NAME_MAX = ID_BYTES_MAX

cdef enum:
    LEVEL_MAX = 100
    WORD_NAME = 0
    WORD_AND
    WORD_OR
    WORD_NOT


cdef struct Reader:
    const unsigned char* data
    int32_t size
    int32_t at
    Symbol* symbols
    int32_t count
    int32_t terms
    int32_t terms_max
    int32_t depth_max


cdef inline bint _begins_name(unsigned char c) noexcept nogil:
    return (0x61 <= (c | 0x20) <= 0x7A and c >= 0x41) or c == 0x5F


cdef inline bint _is_digit(unsigned char c) noexcept nogil:
    return 0x30 <= c <= 0x39


cdef inline bint _goes_on(unsigned char c) noexcept nogil:
    return _begins_name(c) or _is_digit(c) or c == 0x2E or c == 0x3A or c == 0x2D


cdef inline int _peek(Reader* reader) noexcept nogil:
    """The next character that is no space, or -1 at the end."""
    while reader.at < reader.size and (reader.data[reader.at] == 0x20 or 0x09 <= reader.data[reader.at] <= 0x0D):
        reader.at += 1
    return reader.data[reader.at] if reader.at < reader.size else -1


cdef inline int32_t _word_end(const Reader* reader) noexcept nogil:
    cdef int32_t end = reader.at + 1
    while end < reader.size and _goes_on(reader.data[end]):
        end += 1
    return end


cdef inline unsigned char _small(const Reader* reader, int32_t at) noexcept nogil:
    return reader.data[at] | 0x20


cdef inline int _word_kind(const Reader* reader, int32_t end) noexcept nogil:
    cdef int32_t at = reader.at
    if end - at == 2 and _small(reader, at) == 0x6F and _small(reader, at + 1) == 0x72:
        return WORD_OR
    if end - at == 3:
        if _small(reader, at) == 0x61 and _small(reader, at + 1) == 0x6E and _small(reader, at + 2) == 0x64:
            return WORD_AND
        if _small(reader, at) == 0x6E and _small(reader, at + 1) == 0x6F and _small(reader, at + 2) == 0x74:
            return WORD_NOT
    return WORD_NAME


cdef inline bint _take_word(Reader* reader, int kind) noexcept nogil:
    cdef int next = _peek(reader)
    cdef int32_t end
    if next < 0 or not _begins_name(<unsigned char>next):
        return False
    end = _word_end(reader)
    if _word_kind(reader, end) != kind:
        return False
    reader.at = end
    return True


cdef inline Symbol* _new_symbol(Reader* reader, int code) noexcept nogil:
    cdef Symbol* symbol
    if reader.count == SYMBOLS_MAX:
        return NULL
    symbol = &reader.symbols[reader.count]
    reader.count += 1
    symbol.code = code
    return symbol


cdef bint _term(Reader* reader) noexcept nogil:
    cdef Symbol* symbol
    cdef int32_t end
    cdef int next = _peek(reader)
    cdef int level = 0
    cdef int digits = 0
    cdef int first = 0
    cdef bint equal = False
    if next < 0 or not _begins_name(<unsigned char>next):
        return False
    end = _word_end(reader)
    reader.terms += 1
    if _word_kind(reader, end) != WORD_NAME or end - reader.at > _NAME_MAX or reader.terms > reader.terms_max:
        return False
    symbol = _new_symbol(reader, OP_TERM)
    if symbol == NULL:
        return False
    symbol.name_at = reader.at
    symbol.name_size = end - reader.at
    symbol.low = 1
    symbol.high = LEVEL_MAX
    symbol.outside = False
    reader.at = end
    next = _peek(reader)
    if next != 0x3C and next != 0x3E and next != 0x3D and next != 0x21:
        return True
    first = next
    reader.at += 1
    if reader.at < reader.size and reader.data[reader.at] == 0x3D:
        equal = True
        reader.at += 1
    elif first == 0x21:
        return False
    _peek(reader)
    while reader.at < reader.size and _is_digit(reader.data[reader.at]) and digits < 9:
        level = 10 * level + reader.data[reader.at] - 0x30
        digits += 1
        reader.at += 1
    if digits == 0 or level > LEVEL_MAX or (reader.at < reader.size and (
            _begins_name(reader.data[reader.at]) or _is_digit(reader.data[reader.at]))):
        return False
    if first == 0x3E:
        level += 0 if equal else 1
        if level > LEVEL_MAX:
            return False
        symbol.low = level
    elif first == 0x3C:
        level -= 0 if equal else 1
        if level < 0:
            return False
        symbol.low = 0
        symbol.high = level
    else:
        symbol.low = level
        symbol.high = level
        symbol.outside = first == 0x21
    return True


cdef bint _factor(Reader* reader, int depth) noexcept nogil:
    if depth >= reader.depth_max:
        return False
    if _take_word(reader, WORD_NOT):
        return _factor(reader, depth + 1) and _new_symbol(reader, OP_NOT) != NULL
    if _peek(reader) == 0x28:
        reader.at += 1
        if not _expression(reader, depth + 1) or _peek(reader) != 0x29:
            return False
        reader.at += 1
        return True
    return _term(reader)


cdef bint _conjunction(Reader* reader, int depth) noexcept nogil:
    if not _factor(reader, depth):
        return False
    while _take_word(reader, WORD_AND):
        if not _factor(reader, depth) or _new_symbol(reader, OP_AND) == NULL:
            return False
    return True


cdef bint _expression(Reader* reader, int depth) noexcept nogil:
    if not _conjunction(reader, depth):
        return False
    while _take_word(reader, WORD_OR):
        if not _conjunction(reader, depth) or _new_symbol(reader, OP_OR) == NULL:
            return False
    return True


cdef int32_t read_program(str text, int slack, Symbol* symbols) except -2:
    """How many operations the text has, or -1 for a text that `acd_core.requirement` is to read.

    `symbols` has room for SYMBOLS_MAX; `slack` multiplies the bounds, as in `requirement.parse`.
    """
    cdef Reader reader
    if text is None or not PyUnicode_IS_COMPACT_ASCII(text) or PyUnicode_GET_LENGTH(text) > _BYTES_MAX * slack:
        return -1
    reader.data = PyUnicode_1BYTE_DATA(text)
    reader.size = <int32_t>PyUnicode_GET_LENGTH(text)
    reader.at = 0
    reader.symbols = symbols
    reader.count = 0
    reader.terms = 0
    reader.terms_max = _TERMS_MAX * slack
    reader.depth_max = _DEPTH_MAX * slack
    if _peek(&reader) < 0:
        return 0
    if not _expression(&reader, 0) or _peek(&reader) >= 0:
        return -1
    return reader.count


def postfix(str text not None, int slack=1):
    """The program of a text, for tests: (skill, low, high, outside), "not", "and", "or"; None if it is not plain."""
    cdef Symbol[SYMBOLS_MAX] symbols
    cdef int32_t count = read_program(text, slack, symbols)
    cdef int32_t index
    cdef Symbol* symbol
    if count < 0:
        return None
    result = []
    for index in range(count):
        symbol = &symbols[index]
        if symbol.code == OP_TERM:
            name = text[symbol.name_at:symbol.name_at + symbol.name_size]
            result.append((name, symbol.low, symbol.high, bool(symbol.outside)))
        else:
            result.append({OP_NOT: "not", OP_AND: "and", OP_OR: "or"}[symbol.code])
    return result
