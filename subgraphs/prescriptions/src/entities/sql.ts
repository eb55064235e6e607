/** SQL the schema generator cannot know; the first migration runs it. */

/** The pharmacy's own prescription numbers, printed on labels. */
export const prescriptionNumberSql = 'create sequence prescription_number start 1000001'

/** Dispensing records stay as they were written (21 CFR 1304.04, 1306.22(f)). */
export const dispenseRecordSql = [
  `create function dispense_record_refuse() returns trigger language plpgsql as $$ begin raise exception 'dispense_record is append-only'; end $$`,
  `create trigger dispense_record_append_only before update or delete or truncate on dispense_record for each statement execute function dispense_record_refuse()`,
]

/**
 * The head of a queue for one person, taken in one statement: `own` is what they hold already, `head` else the first in
 * line that nobody is taking and they may do. A living claim is only extended; any other walks the verb `claim` of the
 * lifecycle, from AVAILABLE, CLAIMED or ESCALATED, with its history and its event. A function, so that its plan is kept.
 */
export const claimWorkItemSql = `
create or replace function claim_work_item(
  of_queue text, me text, my_role text, in_charge boolean, max_attempts int, at_time timestamptz, lease_end timestamptz,
  of_event uuid, event_type text, correlation text, causation text, trace text
) returns table (item work_item, extended boolean, told jsonb) language plpgsql as $$ begin
-- two requests of one person take turns: the later one finds what the other took, and the head stays the head
perform pg_advisory_xact_lock(hashtext('claim:' || of_queue || ':' || me));
return query
with own as (
  select id, status as was, lease_until > at_time as living from work_item
  where queue = of_queue and claimed_by = me and status = 'CLAIMED' for update
), head as (
  select id, status as was, false as living from work_item
  where queue = of_queue and status in ('AVAILABLE', 'CLAIMED', 'ESCALATED') and not (me = any(excluded)) and not exists (select from own)
    and (skills = '{}' or in_charge or skills <@ coalesce((select worker_skills.skills from worker_skills where subject = me), skills))
    and (status = 'AVAILABLE' or ((status = 'ESCALATED' or (status = 'CLAIMED' and lease_until <= at_time)) and (attempt < max_attempts or in_charge)))
  order by priority, due_at, created_at, id
  limit 1 for update skip locked
), taken as (
  select * from own union all select * from head
), claimed as (
  update work_item set status = 'CLAIMED', claimed_by = me, claimed_by_role = my_role, lease_until = lease_end, version = version + 1,
    token = token + case when living then 0 else 1 end, attempt = attempt + case when living then 0 else 1 end
  from taken where taken.id = work_item.id
  returning work_item as now, was, living
), history as (
  insert into transition (machine, subject_id, from_state, to_state, verb, actor, actor_role, correlation_id, at)
  select 'work item', (now).id, was, (now).status, 'claim', me, my_role, correlation, at_time from claimed where not living
), announced as (
  insert into outbox (event_id, type, subject, time, actor, actor_role, correlation_id, causation_id, traceparent, data)
  select of_event, event_type, (now).id, at_time, me, my_role, correlation, causation, trace, jsonb_build_object(
    'workItemId', (now).id, 'queue', (now).queue, 'state', (now).status, 'prescriptionId', (now).prescription_id, 'fillId', (now).fill_id,
    'priority', (now).priority, 'claimedBy', (now).claimed_by, 'attempt', (now).attempt
  ) from claimed where not living
  returning data
)
select now, living, data from claimed left join announced on true;
end $$`
