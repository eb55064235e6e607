import { clock, invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import { KnowledgeRelease, severities, type InteractionSide, type Severity } from '../entities/interaction.ts'
import { announceInteractions } from './announce-interactions.ts'
import { fingerprintOf } from './store-listed.ts'

export type InteractionRecord = {
  id: string; a: InteractionSide; b: InteractionSide; severity: Severity; mechanism: string; effect: string; management: string; evidence: string; patientText: string
}

/** Keeps records for a release to come; of two with one id the more severe stays. Returns the ids that came again. */
export async function draftInteractions(em: EntityManager, runId: string, records: readonly InteractionRecord[]): Promise<string[]> {
  const byId = new Map<string, InteractionRecord>()
  const repeated: string[] = []
  const rank = ({ severity }: InteractionRecord): number => severities.indexOf(severity)
  for (const record of records) {
    const other = byId.get(record.id)
    if (other) repeated.push(record.id)
    if (!other || rank(record) < rank(other)) byId.set(record.id, record)
  }
  const drafts = [...byId.values()].map((record) => {
    const { id, a, b, ...texts } = record
    const content = { a_name: a.name, a_members: a.members, a_class: a.className, b_name: b.name, b_members: b.members, b_class: b.className, severity: texts.severity,
      mechanism: texts.mechanism, effect: texts.effect, management: texts.management, evidence: texts.evidence, patient_text: texts.patientText }
    return { run_id: runId, id, rank: rank(record), fingerprint: fingerprintOf(content), content }
  })
  const written = await em.execute<{ id: string; inserted: boolean }[]>(
    `insert into interaction_draft as draft select * from jsonb_populate_recordset(null::interaction_draft, ?::jsonb)
     on conflict (run_id, id) do update set rank = least(draft.rank, excluded.rank),
       content = case when excluded.rank < draft.rank then excluded.content else draft.content end,
       fingerprint = case when excluded.rank < draft.rank then excluded.fingerprint else draft.fingerprint end
     returning id, xmax = 0 as inserted`,
    [JSON.stringify(drafts)],
  )
  return [...repeated, ...written.filter(({ inserted }) => !inserted).map(({ id }) => id)]
}

/**
 * Makes the drafts of a run the source's knowledge from now on, all at once: what is new begins, what differs is ended and
 * begins anew, and, where the drafts are the whole, what they lack is ended. A version once published never changes.
 */
export async function publishKnowledge(
  em: EntityManager, actor: Actor, { runId, source, version, complete = true }: { runId: string; source: string; version: string; complete?: boolean },
): Promise<{ added: number; changed: number; retired: number; unchanged: number }> {
  await em.execute('analyze interaction_draft, interaction')
  const releases = await em.find(KnowledgeRelease, { source }, { orderBy: { number: 'desc' } })
  const differing = `interaction.source = ? and interaction.until is null`
  const [count] = await em.execute<{ added: number; changed: number; missing: number; all: number }[]>(
    `select count(*) filter (where interaction.id is null)::int as added,
            count(*) filter (where interaction.fingerprint <> draft.fingerprint)::int as changed, count(*)::int as all,
            (select count(*)::int from interaction where ${differing} and not exists (select from interaction_draft d where d.run_id = ? and d.id = interaction.id)) as missing
     from interaction_draft draft left join interaction on interaction.id = draft.id and interaction.until is null where draft.run_id = ?`,
    [source, runId, runId],
  )
  const { added, changed } = count!
  const retired = complete ? count!.missing : 0
  const outcome = { added, changed, retired, unchanged: count!.all - added - changed }
  if (releases.some((release) => release.version === version)) {
    if (added + changed + retired > 0) throw invalid('version', `${source} ${version} is published and says otherwise: a version never changes, give this one a new name`)
    await em.execute('delete from interaction_draft where run_id = ?', [runId])
    return outcome
  }
  // others keep the newest by comparing versions as text
  const last = releases.map((release) => release.version).sort().at(-1)
  if (last !== undefined && version < last) throw invalid('version', `${version} sorts before ${last}, the last of ${source}: later versions must sort after earlier ones`)

  const release = em.create(KnowledgeRelease, { source, version, publishedAt: clock.now(), added, changed, retired })
  await em.flush()
  const ends = complete ? '(d.id is null or d.fingerprint <> interaction.fingerprint)' : 'd.fingerprint <> interaction.fingerprint'
  await em.execute(
    `update interaction set until = ? where seq in (
       select interaction.seq from interaction left join interaction_draft d on d.run_id = ? and d.id = interaction.id where ${differing} and ${ends})`,
    [release.number, runId, source],
  )
  await em.execute(
    `with begun as (
       insert into interaction (id, source, since, knowledge_version, fingerprint, a_name, a_members, a_class, b_name, b_members, b_class, severity,
         mechanism, effect, management, evidence, patient_text)
       select d.id, ?, ?, ?, d.fingerprint, r.a_name, r.a_members, r.a_class, r.b_name, r.b_members, r.b_class, r.severity, r.mechanism, r.effect, r.management, r.evidence, r.patient_text
       from interaction_draft d, jsonb_populate_record(null::interaction, d.content) r
       where d.run_id = ? and not exists (select from interaction i where i.id = d.id and i.until is null)
       returning seq, a_members, a_class, b_members, b_class, severity
     ), sides as (
       select seq, array_position(array['CONTRAINDICATED', 'MAJOR', 'MODERATE', 'MINOR'], severity) - 1 as rank, a.term as a, b.term as b
       from begun, unnest(array_append(a_members, lower(a_class))) a(term), unnest(array_append(b_members, lower(b_class))) b(term)
       -- nothing interacts with itself; two members of one class may
       where a.term is not null and b.term is not null and (a.term <> b.term or a.term = lower(a_class))
     )
     insert into interaction_pair (term, other, interaction, rank)
     select a, b, seq, rank from sides union select b, a, seq, rank from sides`,
    [source, release.number, version, runId],
  )
  await em.execute('delete from interaction_draft where run_id = ?', [runId])
  await em.execute('analyze interaction, interaction_pair')
  await announceInteractions(em, actor)
  return outcome
}
