import { apply, begin, invalid, isId, newId, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { TradingPartner } from '../entities/trading-partner.ts'
import type { ChangeTradingPartnerInput, RegisterTradingPartnerInput } from '../generated/resolvers.ts'
import { tradingPartnerLifecycle } from '../lifecycles/trading-partner.ts'

/** Registers a partner, or renews the licence of the one with this location number. */
export async function registerTradingPartner(em: EntityManager, actor: Actor, { name, kind, gln, licenceNumber, licensedUntil }: RegisterTradingPartnerInput): Promise<TradingPartner> {
  access.must(actor, 'partner:keep', undefined)
  if (!name.trim() || name.length > 200) throw invalid('name', 'name the partner, in 1 to 200 characters')
  if (!/^\d{13}$/.test(gln)) throw invalid('gln', 'a Global Location Number has thirteen digits')
  if (!licenceNumber.trim() || licenceNumber.length > 50) throw invalid('licenceNumber', 'give the licence or registration, in 1 to 50 characters')
  await em.execute('select pg_advisory_xact_lock(hashtext(?))', [`partner:${gln}`])
  const known = await em.findOne(TradingPartner, { gln })
  if (known) return Object.assign(known, { name, kind, licenceNumber, licensedUntil })
  const partner = em.create(TradingPartner, { id: newId(), name, kind, gln, licenceNumber, licensedUntil, status: 'AUTHORIZED' })
  begin(em, actor, tradingPartnerLifecycle, partner)
  return partner
}

/** suspend, or authorize again. */
export async function changeTradingPartner(em: EntityManager, actor: Actor, { partnerId, verb, reason }: ChangeTradingPartnerInput): Promise<TradingPartner> {
  access.must(actor, 'partner:keep', undefined)
  if (!reason.trim() || reason.length > 500) throw invalid('reason', 'say why, in 1 to 500 characters')
  const partner = isId(partnerId) ? await em.findOne(TradingPartner, { id: partnerId }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  if (!partner) throw notFound('partner')
  apply(em, actor, tradingPartnerLifecycle, partner, verb, { reason })
  return partner
}
