/** SQL the schema generator cannot know; the first migration runs it. */

/** The pharmacy's own prescription numbers, printed on labels. */
export const prescriptionNumberSql = 'create sequence prescription_number start 1000001'

/** Dispensing records stay as they were written (21 CFR 1304.04, 1306.22(f)). */
export const dispenseRecordSql = [
  `create function dispense_record_refuse() returns trigger language plpgsql as $$ begin raise exception 'dispense_record is append-only'; end $$`,
  `create trigger dispense_record_append_only before update or delete or truncate on dispense_record for each statement execute function dispense_record_refuse()`,
]
