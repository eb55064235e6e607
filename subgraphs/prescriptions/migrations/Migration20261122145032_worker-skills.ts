import { Migration } from '@mikro-orm/migrations';
import { claimWorkItemSql } from '../src/entities/sql.ts';

export class Migration20261122145032_worker_skills extends Migration {

  override name = 'Migration20261122145032_worker_skills';

  override up(): void {
    this.addSql(`create table "worker_skills" ("subject" varchar(255) not null, "skills" text[] not null, "set_by" varchar(255) not null, "set_at" timestamptz not null, primary key ("subject"));`);
    this.addSql(`alter table "work_item" add "skills" text[] not null default '{}';`);
    // what waits already asks for the same as what comes
    this.addSql(`
      update work_item set skills = array_remove(array[
        case when prescription.dea_schedule <> 'NONE' then 'CONTROLLED_SUBSTANCES' end,
        case when prescription.source = 'UPLOAD' and queue in ('DATA_ENTRY', 'VERIFICATION') then 'UPLOADED_PICTURES' end
      ], null) from prescription where prescription.id = work_item.prescription_id and work_item.status in ('AVAILABLE', 'CLAIMED', 'ESCALATED');`);
    this.addSql(claimWorkItemSql);
  }

}
