"""Which other requests only read, so that they may be sent again as a task: lists, statistics, states, documents.

What is not listed here is sent once. A GET can leave something behind, too: `_search/scroll` moves a cursor, `_sql`
opens one, `_refresh` and `_flush` work on the index up to Elasticsearch 7.
"""

from __future__ import annotations

from access_es.tasks.searches import is_normalized, names_stateful_parameter, split_path, ui_segments

# Elasticsearch's and OpenSearch's REST API specifications: what GET only reads, by the segment that follows the names.
_OF_CLUSTER = frozenset((
    b"_cat", b"_cluster", b"_nodes", b"_snapshot", b"_tasks", b"_remote", b"_ingest", b"_scripts", b"_template",
    b"_index_template", b"_component_template", b"_data_stream", b"_resolve", b"_dangling",
))  # fmt: skip
_OF_INDEX = frozenset((
    b"_stats", b"_mapping", b"_mappings", b"_settings", b"_alias", b"_aliases", b"_segments", b"_recovery",
    b"_shard_stores", b"_count", b"_validate", b"_doc", b"_source", b"_explain", b"_termvectors", b"_mget",
    b"_field_caps", b"_analyze",
))  # fmt: skip


def is_read(method: str, target: bytes) -> bool:
    """Whether a request of the engine's API only reads. Kibana's and Dashboards' own pages are never sent twice."""
    path, _, query = target.partition(b"?")
    if method != "GET" or not is_normalized(path) or names_stateful_parameter(query):
        return False
    segments = split_path(path)
    if ui_segments(segments) is not None:
        return False
    if not segments:
        return True
    if segments[0].startswith(b"_") and segments[0] != b"_all":
        return segments[0] in _OF_CLUSTER or segments[0] in _OF_INDEX
    return len(segments) == 1 or segments[1] in _OF_INDEX
