"""Reads every table and view of a snapshot, as a client of an older version would.

    python read_everything.py warehouse.duckdb
"""

import sys

import duckdb

connection = duckdb.connect(sys.argv[1], read_only=True)
relations = connection.execute(
    "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal "
    "UNION ALL SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL"
).fetchall()
rows = 0
for schema, name in relations:
    rows += len(connection.execute(f'SELECT * FROM "{schema}"."{name}"').fetchall())
if not relations or not rows:
    sys.exit("the snapshot is empty")
print(f"DuckDB {duckdb.__version__} read {len(relations)} tables and views, {rows} rows")
