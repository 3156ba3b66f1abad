"""What a request of each kind does, and to which names: one function for each kind of route in `routes`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from access_es.permissions.call import Call, needs
from access_es.permissions.lines import needs_of_bulk, needs_of_msearch
from access_es.permissions.queries import needs_of_index, needs_of_query, needs_of_search
from access_es.permissions.unjudgeable import Unjudgeable
from access_es.permissions.verdict import Need


def free(call: Call) -> Iterable[Need]:
    """Its answer is open to every role."""
    return [Need("any")]


def health(call: Call) -> Iterable[Need]:
    """The cluster's own health is free; with `level` it lists indices."""
    return [Need("any")] if "level" not in call.query and call.index() is None else needs("read", "*")


def analyze(call: Call) -> Iterator[Need]:
    index = call.index()
    yield Need("any") if index is None else Need("read", index)
    yield from needs_of_query(call.json())


def names(call: Call) -> Iterable[Need]:
    """Metadata of the names in the path, or of all."""
    call.no_body()
    return needs("read", call.path_indices())


def alias_names(call: Call) -> Iterable[Need]:
    """An alias counts as a name: asked for by name, nothing else is returned."""
    call.no_body()
    alias = call.parameter("n")
    return needs("read", call.path_indices()) if alias is None else needs("read", call.parameter("i"), alias)


def document(call: Call) -> Iterable[Need]:
    call.no_body()
    return needs("read", call.indices())


def search(call: Call) -> Iterator[Need]:
    """A search, or another route that takes a query."""
    if "percolate_index" in call.query:
        yield Need("read", call.query["percolate_index"])
    data = call.data()
    if b'"pit"' in data and call.index() is None:
        yield from _search_of_pit(call, data)
        return
    yield Need("read", call.indices())
    if "scroll" in call.query:
        call.opens("scroll")
    if data:
        yield from needs_of_search(data)


def _search_of_pit(call: Call, data: bytes) -> Iterator[Need]:
    from access_es.permissions.bodies import parse_object

    body = parse_object(data)
    pit = body.pop("pit", None)
    if not isinstance(pit, dict) or "scroll" in call.query:
        yield Need("read", "*")
        return
    cursor = call.open_cursor("pit", pit.get("id"))
    yield from cursor.needs
    yield from needs_of_query(body)
    call.send_id_in_body(data, pit["id"], cursor)
    call.opens("pit")


def msearch(call: Call) -> Iterable[Need]:
    if "source" in call.query:
        return needs_of_msearch(call.data().split(b"\n"), call.indices())
    return needs_of_msearch(call.body.lines(), call.indices())


def multi_documents(call: Call) -> Iterator[Need]:
    """`_mget` and `_mtermvectors`: each item may name its own index, over that of the path."""
    body = call.json()
    if not body.keys() <= {"docs", "ids", "parameters"}:
        raise Unjudgeable("its body has keys that are not known")
    documents = body.get("docs", [])
    if "ids" in body or "ids" in call.query or not documents:
        yield Need("read", call.indices())
    for item in documents if isinstance(documents, list) else [documents]:
        yield from _item_needs(item if isinstance(item, dict) else {}, call.indices())
    yield from needs_of_query(body.get("parameters"))


def term_vectors(call: Call) -> Iterator[Need]:
    """The body's `_index` counts over the path's."""
    yield Need("read", call.indices())
    yield from _item_needs(call.json(), call.indices())


def _item_needs(item: dict[str, Any], default: str) -> Iterator[Need]:
    if "index" in item and "_index" in item:
        raise Unjudgeable("an item of its body names two indices")
    name = item.get("_index", item.get("index", default))
    if not isinstance(name, str) or not name:
        raise Unjudgeable("the name of an index in its body is not text")
    yield Need("read", name)
    yield from needs_of_query([item.get("doc"), item.get("filter")])


def pit_open(call: Call) -> Iterator[Need]:
    call.no_body()
    call.opens("pit")
    yield Need("read", call.indices())


def write_document(call: Call) -> Iterable[Need]:
    """One document, whose own content names nothing."""
    if "source" in call.query:
        raise Unjudgeable("a document is sent in the parameter source")
    return needs("write", call.indices())


def bulk(call: Call) -> Iterable[Need]:
    if "source" in call.query:
        raise Unjudgeable("a bulk is sent in the parameter source")
    return needs_of_bulk(call.body.pieces(), call.index())


def by_query(call: Call) -> Iterator[Need]:
    yield Need("write", call.indices())
    if "pipeline" in call.query:
        yield Need("manage", "*", unsure="a pipeline can send documents to any index")
    if call.query.get("wait_for_completion") == "false":
        call.opens("task")
    yield from needs_of_search(call.data() or b"{}")


def reindex(call: Call) -> Iterator[Need]:
    """Reads the source, writes the destination; a script, a pipeline or a remote source may go anywhere."""
    body = call.json()
    source, destination = body.get("source"), body.get("dest")
    if not isinstance(source, dict) or not isinstance(destination, dict):
        raise Unjudgeable("its body has no source or no destination")
    if (
        "script" in body
        or "remote" in source
        or destination.keys() - {"index", "type", "version_type", "op_type", "routing"}
    ):
        yield Need("manage", "*", unsure="a script, a pipeline or a remote source can lead to any index")
    yield Need("read", _expression(source.get("index")))
    yield Need("write", _expression(destination.get("index")))
    yield from needs_of_query({key: value for key, value in source.items() if key != "index"})
    if call.query.get("wait_for_completion") == "false":
        call.opens("task")


def _expression(value: Any) -> str:
    """The index expression in a body: text, or a list of it."""
    items = value if isinstance(value, list) else [value]
    if not items or not all(isinstance(item, str) and item for item in items):
        raise Unjudgeable("the name of an index in its body is missing, or not text")
    return ",".join(items)


def manage(call: Call) -> Iterable[Need]:
    """Administration of the names in the path, whatever its body says."""
    return needs("manage", call.path_indices())


def put_mapping(call: Call) -> Iterator[Need]:
    yield Need("manage", call.path_indices())
    yield from needs_of_index(call.json())


def create(call: Call) -> Iterator[Need]:
    """A new index, or one made from another, with the aliases in its body."""
    body = call.json()
    yield from needs("manage", call.path_indices(), call.parameter("target"))
    aliases = body.get("aliases", {})
    if not isinstance(aliases, dict):
        raise Unjudgeable("the aliases in its body are not an object")
    yield from (Need("manage", name) for name in aliases)
    yield from needs_of_query(aliases)
    yield from needs_of_index({key: value for key, value in body.items() if key != "aliases"})


def put_alias(call: Call) -> Iterator[Need]:
    """One alias; the body overrides both names of the path."""
    body = call.json()
    alias = call.parameter("n")
    if alias is None and "alias" not in body and "name" not in call.query and "alias" not in call.query:
        raise Unjudgeable("it names no alias")
    yield from needs("manage", call.path_indices(), alias, call.query.get("name"), call.query.get("alias"))
    yield from (
        Need("manage", _expression(body[key])) for key in ("index", "indices", "alias", "aliases") if key in body
    )
    yield from needs_of_query(body.get("filter"))


def delete_alias(call: Call) -> Iterable[Need]:
    return needs("manage", call.path_indices(), call.parameter("n"))


def alias_actions(call: Call) -> Iterator[Need]:
    """Both ends of an alias are named here, and only here: who may add one opens what it stands for."""
    actions = call.json().get("actions")
    if not isinstance(actions, list):
        raise Unjudgeable("its body has no list of actions")
    for action in actions:
        ((kind, entry),) = action.items() if isinstance(action, dict) and len(action) == 1 else (("", None),)
        if kind not in ("add", "remove", "remove_index") or not isinstance(entry, dict):
            raise Unjudgeable("an action in its body is not known")
        ends = [key for key in ("index", "indices", "alias", "aliases") if key in entry]
        if not {"index", "indices"} & set(ends) or (kind != "remove_index" and not {"alias", "aliases"} & set(ends)):
            raise Unjudgeable("an action in its body does not name both ends of an alias")
        yield from (Need("manage", _expression(entry[key])) for key in ends)
        yield from needs_of_query(entry.get("filter"))


def query_text(call: Call) -> Iterable[Need]:
    """SQL and PPL read anything; where it is switched on, SQL deletes."""
    text = call.data().lower() + call.query.get("sql", "").lower().encode()
    return needs("write" if b"delete" in text or b"\\" in text else "read", "*")


def everything(call: Call) -> Iterable[Need]:
    """What names nothing, or may lead anywhere: the route's own action, on every index. `routes` answers for it."""
    raise Unjudgeable("")
