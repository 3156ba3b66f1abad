"""Reach an Amazon Elasticsearch/OpenSearch domain and its Kibana from anywhere, through a URL."""

__version__ = "0.1.0"
