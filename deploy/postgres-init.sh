#!/bin/sh
# Run once by the PostgreSQL image on an empty volume: a database and a role for each subgraph, no grants across.
set -eu
for name in patients prescriptions catalog inventory orders logistics audit; do
  psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<SQL
create role ${name} login password '${SUBGRAPH_DB_PASSWORD}';
create database ${name} owner ${name};
revoke all on database ${name} from public;
SQL
  psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "${name}" <<SQL
create extension if not exists pg_trgm;
create extension if not exists pgcrypto;
create extension if not exists btree_gist;
SQL
done
# routes and addresses use PostGIS here; the embedded default uses cube under the same function names
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname logistics -c 'create extension if not exists postgis'
