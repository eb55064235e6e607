-- The spatial functions of this subgraph, the same names on both engines: PostGIS where the server has it and we may
-- create it, else `cube`, which every PostgreSQL ships and any owner of a database may create (earthdistance, which
-- builds on it, asks for a superuser). geo_point() gives what GiST indexes and `<->` (nearest first) work on; what type
-- that is stays in this file. Bodies are parsed here, so that indexes do not depend on a search_path.
-- `set geo.engine = 'cube'` leaves PostGIS out. Degrees are WGS 84, distances metres; the sphere and the ellipsoid
-- differ by about half a percent at most.
do $geo$
declare
  postgis boolean := coalesce(current_setting('geo.engine', true), '') <> 'cube'
    and exists (select from pg_available_extensions where name = 'postgis');
begin
  if postgis then
    begin
      create extension if not exists postgis;
    exception when insufficient_privilege then
      postgis := false;
    end;
  end if;

  if postgis then
    create function geo_point(latitude double precision, longitude double precision) returns geography
      language sql immutable strict parallel safe
      return st_setsrid(st_makepoint(longitude, latitude), 4326)::geography;
    create function geo_distance_m(latitude1 double precision, longitude1 double precision, latitude2 double precision, longitude2 double precision)
      returns double precision language sql immutable strict parallel safe
      return st_distance(geo_point(latitude1, longitude1), geo_point(latitude2, longitude2));
  else
    create extension if not exists cube;
    -- a place on the sphere of mean radius (IUGG) as x, y, z in metres: straight lines through it rank like ways along it
    create function geo_point(latitude double precision, longitude double precision) returns cube
      language sql immutable strict parallel safe
      return cube(array[6371008.8 * cosd(latitude) * cosd(longitude), 6371008.8 * cosd(latitude) * sind(longitude), 6371008.8 * sind(latitude)]);
    create function geo_distance_m(latitude1 double precision, longitude1 double precision, latitude2 double precision, longitude2 double precision)
      returns double precision language sql immutable strict parallel safe
      return 2 * 6371008.8 * asin(least(1, (geo_point(latitude1, longitude1) <-> geo_point(latitude2, longitude2)) / (2 * 6371008.8)));
  end if;
end
$geo$;
