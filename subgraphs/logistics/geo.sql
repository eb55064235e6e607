-- The spatial functions of this subgraph, the same names on both engines: PostGIS where the server has it and we may
-- create it, else cube + earthdistance, which every PostgreSQL ships. geo_point() gives what GiST indexes and `<->`
-- (nearest first) work on; what type that is stays in this file. `set geo.engine = 'earthdistance'` leaves PostGIS out.
-- Degrees are WGS 84, distances metres; the sphere and the ellipsoid differ by less than half a percent.
do $geo$
declare
  postgis boolean := coalesce(current_setting('geo.engine', true), '') <> 'earthdistance'
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
      as 'select st_setsrid(st_makepoint(longitude, latitude), 4326)::geography';
    create function geo_distance_m(latitude1 double precision, longitude1 double precision, latitude2 double precision, longitude2 double precision)
      returns double precision language sql immutable strict parallel safe
      as 'select st_distance(geo_point(latitude1, longitude1), geo_point(latitude2, longitude2))';
  else
    create extension if not exists cube;
    create extension if not exists earthdistance;
    create function geo_point(latitude double precision, longitude double precision) returns cube
      language sql immutable strict parallel safe
      as 'select ll_to_earth(latitude, longitude)::cube';
    create function geo_distance_m(latitude1 double precision, longitude1 double precision, latitude2 double precision, longitude2 double precision)
      returns double precision language sql immutable strict parallel safe
      as 'select earth_distance(ll_to_earth(latitude1, longitude1), ll_to_earth(latitude2, longitude2))';
  end if;
end
$geo$;
