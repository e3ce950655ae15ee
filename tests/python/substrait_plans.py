"""Substrait plans for the suites in Python: the library's calls, plans of other producers as bytes, and
plans rewritten in ways that mean nothing."""
import ctypes
import json
import os
import pathlib
import random

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LIBRARY = pathlib.Path(os.environ.get("PN_BUILD_DIR", ROOT / "build/ci")) / "lib/libpinion.so"


class Bytes(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class Error(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32), ("status", ctypes.c_int32),
                ("number", ctypes.c_int32), ("os_errno", ctypes.c_int32),
                ("message", ctypes.c_char * 256), ("detail", ctypes.c_char * 1536),
                ("hint", ctypes.c_char * 256)]


class Buffer(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("len", ctypes.c_size_t), ("cap", ctypes.c_size_t)]


class DiffOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32), ("json", ctypes.c_uint32),
                ("max_count", ctypes.c_uint64)]


class Refused(Exception):
    """A plan was not accepted; `number` is that of the error."""

    def __init__(self, error):
        super().__init__(f"PN{error.number}: {error.message.decode()}")
        self.number = error.number
        self.hint = error.hint.decode()


def load():
    """The library, or a reason why it cannot be loaded."""
    if LIBRARY.exists() and b"__asan_init" in LIBRARY.read_bytes():  # python would need its runtime
        return None, f"{LIBRARY.name} is built with a sanitizer"
    try:
        library = ctypes.CDLL(str(LIBRARY))
    except OSError as error:
        return None, str(error)
    pointer, error = ctypes.c_void_p, ctypes.POINTER(Error)
    library.pn_substrait_decode.argtypes = [Bytes, pointer, ctypes.POINTER(pointer), error]
    library.pn_substrait_bytes.argtypes = [pointer]
    library.pn_substrait_bytes.restype = Bytes
    library.pn_substrait_text.argtypes = [pointer, ctypes.POINTER(Buffer), error]
    library.pn_substrait_diff.argtypes = [pointer, pointer, ctypes.POINTER(DiffOptions),
                                          ctypes.POINTER(Buffer), ctypes.POINTER(ctypes.c_size_t),
                                          error]
    library.pn_substrait_unref.argtypes = [pointer]
    library.pn_buf_dispose.argtypes = [ctypes.POINTER(Buffer)]
    return library, None


class Plan:
    """A decoded plan."""

    def __init__(self, library, raw):
        self.library, self.handle = library, ctypes.c_void_p()
        error = new_error()
        given = ctypes.create_string_buffer(raw, len(raw))
        given = Bytes(ctypes.cast(given, ctypes.c_void_p), len(raw))
        if library.pn_substrait_decode(given, None, ctypes.byref(self.handle), ctypes.byref(error)):
            raise Refused(error)

    def __del__(self):
        self.library.pn_substrait_unref(self.handle)

    def bytes(self):
        found = self.library.pn_substrait_bytes(self.handle)
        return ctypes.string_at(found.data, found.len)

    def text(self):
        return self._read(lambda out, error: self.library.pn_substrait_text(self.handle, out, error))

    def differences(self, other):
        """The differences to another plan, as the JSON form has them."""
        options = DiffOptions(ctypes.sizeof(DiffOptions), 1, 10000)
        return json.loads(self._read(lambda out, error: self.library.pn_substrait_diff(
            self.handle, other.handle, ctypes.byref(options), out, None, error)))["differences"]

    def _read(self, call):
        out, error = Buffer(), new_error()
        if call(ctypes.byref(out), ctypes.byref(error)):
            raise Refused(error)
        text = ctypes.string_at(out.data, out.len).decode()
        self.library.pn_buf_dispose(ctypes.byref(out))
        return text


def new_error():
    return Error(struct_size=ctypes.sizeof(Error))


# ---- JSON to bytes: what Substrait has removed is put in as unknown fields ---------------------

REMOVED = 1  # number of Plan.extension_uris, and of extension_uri_reference in a declaration


def varint(value):
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def uri_message(uri):
    """SimpleExtensionURI {anchor = 1, uri = 2}."""
    text = uri.get("uri", "").encode()
    return b"\x08" + varint(uri.get("extensionUriAnchor", 0)) + b"\x12" + varint(len(text)) + text


def plan_of_json(text, json_format, plan_class):
    """The message of a plan in JSON. Raises json_format.ParseError for what the schema lacks."""
    document = json.loads(text)
    uris = document.pop("extensionUris", [])
    references = []
    for declaration in document.get("extensions", []):
        references.append(next(iter(declaration.values())).pop("extensionUriReference", None))
    plan = json_format.ParseDict(document, plan_class())
    for declaration, reference in zip(plan.extensions, references):
        if reference is not None:
            inner = getattr(declaration, declaration.WhichOneof("mapping_type"))
            inner.MergeFromString(bytes([REMOVED << 3]) + varint(reference))
    body = b"".join(bytes([REMOVED << 3 | 2]) + varint(len(uri_message(u))) + uri_message(u)
                    for u in uris)
    plan.MergeFromString(body)
    return plan


# ---- the same plan, written otherwise ----------------------------------------------------------

ANCHORS = {"function_reference": "extension_function", "comparison_function_reference": "extension_function",
           "custom_function_reference": "extension_function", "type_reference": "extension_type",
           "user_defined_type_reference": "extension_type"}
ANCHOR_FIELDS = {"extension_function": "function_anchor", "extension_type": "type_anchor"}


def submessages(message):
    """The message and all below it."""
    stack = [message]
    while stack:
        top = stack.pop()
        yield top
        for field, value in top.ListFields():
            if field.message_type:
                stack.extend(value if field.is_repeated else [value])


def permuted(plan, seed):
    """A copy with other anchors, declarations in another order, some of them unused, and hints."""
    rng = random.Random(seed)
    copy = type(plan)()
    copy.CopyFrom(plan)
    anchors = {}
    numbers = rng.sample(range(1, 1 << 20), len(copy.extensions) + 1)
    for declaration in copy.extensions:
        kind = declaration.WhichOneof("mapping_type")
        if kind in ANCHOR_FIELDS:
            inner = getattr(declaration, kind)
            old, new = getattr(inner, ANCHOR_FIELDS[kind]), numbers.pop()
            anchors[kind, old] = new
            setattr(inner, ANCHOR_FIELDS[kind], new)
    for message in submessages(copy):
        rename_anchors(message, anchors)
        add_hint(message, rng)
    unused = copy.extensions.add()
    unused.extension_function.function_anchor = numbers.pop()
    unused.extension_function.name = f"unused_{seed}"
    order = list(copy.extensions)
    rng.shuffle(order)
    del copy.extensions[:]
    copy.extensions.extend(order)
    copy.version.minor_number = rng.randrange(100)
    copy.version.producer = f"somebody {seed}"
    copy.expected_type_urls.append("type.example.org/x")
    return copy


def rename_anchors(message, anchors):
    for field in message.DESCRIPTOR.fields:
        kind = ANCHORS.get(field.name)
        if not kind or (field.containing_oneof and not message.HasField(field.name)):
            continue
        new = anchors.get((kind, getattr(message, field.name)))
        if new is not None:
            setattr(message, field.name, new)


def add_hint(message, rng):
    if message.DESCRIPTOR.full_name == "substrait.Rel" and rng.random() < 0.5:
        body = getattr(message, message.WhichOneof("rel_type"))
        if "common" in body.DESCRIPTOR.fields_by_name:
            body.common.hint.alias = f"x{rng.randrange(100)}"
            body.common.hint.stats.row_count = rng.random()
