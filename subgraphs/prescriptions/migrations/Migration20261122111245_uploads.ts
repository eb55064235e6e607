import { Migration } from '@mikro-orm/migrations';

export class Migration20261122111245_uploads extends Migration {

  override name = 'Migration20261122111245_uploads';

  override up(): void | Promise<void> {
    this.addSql(`create table "prescription_picture" ("prescription_id" uuid not null, "sealed_for" uuid not null, "sealed" text not null, "content_type" varchar(255) not null, "bytes" int not null, "sha256" varchar(255) not null, "viewed_by" text[] not null, "received_at" timestamptz not null, primary key ("prescription_id"));`);

    this.addSql(`alter table "prescription" drop constraint "prescription_quantity_check";`);
    this.addSql(`alter table "prescription" add constraint "prescription_quantity_check" check (quantity >= 0);`);
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "prescription_picture" cascade;`);

    this.addSql(`alter table "prescription" drop constraint "prescription_quantity_check";`);
    this.addSql(`alter table "prescription" add constraint "prescription_quantity_check" check (quantity > 0);`);
  }

}
