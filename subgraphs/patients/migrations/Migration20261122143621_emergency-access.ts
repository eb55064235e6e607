import { Migration } from '@mikro-orm/migrations';

export class Migration20261122143621_emergency_access extends Migration {

  override name = 'Migration20261122143621_emergency_access';

  override up(): void | Promise<void> {
    this.addSql(`create table "emergency_access" ("id" uuid not null, "version" int not null default 1, "patient_id" uuid not null, "subject" varchar(255) not null, "practitioner_id" uuid null, "reason" text not null, "status" text not null, "sealed" text not null, "granted_at" timestamptz not null, "expires_at" timestamptz not null, "ended_at" timestamptz null, "reviewed_by" varchar(255) null, "reviewed_at" timestamptz null, primary key ("id"));`);
    this.addSql(`create index "emergency_access_patient_id_index" on "emergency_access" ("patient_id");`);
    this.addSql(`create unique index emergency_access_in_force on emergency_access (subject, patient_id) where status = 'ACTIVE';`);
    this.addSql(`create index emergency_access_unjudged on emergency_access (expires_at) where status in ('ACTIVE', 'ENDED');`);

    this.addSql(`alter table "notification" drop constraint "notification_template_check";`);
    this.addSql(`alter table "notification" add constraint "notification_template_check" check ("template" in ('PAYMENT_AUTHORIZED', 'BACKORDERED', 'REJECTED', 'CANCELLED', 'OUT_FOR_DELIVERY', 'DELIVERED', 'ATTEMPT_FAILED', 'MESSAGE', 'RECALL', 'DUE_SOON', 'REFILL_READY', 'REFILL_DECLINED', 'ORDER_CHANGED', 'AUTO_ORDER_PLANNED', 'AUTO_ORDER_ASKS', 'AUTO_ORDER_UNPAID', 'EMERGENCY_ACCESS'));`);

    this.addSql(`alter table "emergency_access" add constraint "emergency_access_reason_check" check ("reason" in ('UNCONSCIOUS_PATIENT', 'ACUTE_TREATMENT', 'POISONING_OR_OVERDOSE', 'PUBLIC_HEALTH_EMERGENCY'));`);
    this.addSql(`alter table "emergency_access" add constraint "emergency_access_status_check" check ("status" in ('ACTIVE', 'ENDED', 'JUSTIFIED', 'MISUSED'));`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "emergency_access" cascade;`);



    this.addSql(`alter table "notification" drop constraint "notification_template_check";`);
    this.addSql(`alter table "notification" add constraint "notification_template_check" check ("template" in ('PAYMENT_AUTHORIZED', 'BACKORDERED', 'REJECTED', 'CANCELLED', 'OUT_FOR_DELIVERY', 'DELIVERED', 'ATTEMPT_FAILED', 'MESSAGE', 'RECALL', 'DUE_SOON', 'REFILL_READY', 'REFILL_DECLINED', 'ORDER_CHANGED', 'AUTO_ORDER_PLANNED', 'AUTO_ORDER_ASKS', 'AUTO_ORDER_UNPAID'));`);

  }

}
