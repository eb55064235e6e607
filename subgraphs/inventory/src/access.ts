import { defineAccess, hasRole, isStaff, isSystem, type Actor } from '@pharmagraph/platform'
import type { RecallNotice } from './entities/recall.ts'

const keepsStock = (actor: Actor): boolean => hasRole(actor, 'inventory', 'pharmacist-in-charge')
const answerable = (actor: Actor): boolean => hasRole(actor, 'pharmacist-in-charge', 'compliance')
const keepsOrAnswers = (actor: Actor): boolean => keepsStock(actor) || answerable(actor)

const ownNotice = (actor: Actor, { patientId }: RecallNotice): boolean => hasRole(actor, 'patient') && actor.patientId === patientId
const tracesRecalls = (actor: Actor): boolean => hasRole(actor, 'inventory', 'pharmacist', 'pharmacist-in-charge', 'compliance', 'system')

/**
 * Lots and holds are seen by staff; stock is moved by those who keep it; holds follow orders, so only the system makes them.
 * Who received a recalled lot is health information: those see it who trace recalls, and each patient their own notice.
 */
export const access = defineAccess({
  'lot:view': isStaff,
  'lot:receive': keepsStock,
  'lot:adjust': keepsStock,
  'lot:change-status': keepsStock,
  'ledger:prove': (actor: Actor) => keepsStock(actor) || hasRole(actor, 'compliance', 'system'),
  'stock:hold': isSystem,
  'stock:commit': isSystem,
  'stock:release': isSystem,
  'drug:remember': isSystem,
  'stock:watch': isSystem,
  'stock:plan': keepsStock,
  'count:view': isStaff,
  'count:request': keepsStock,
  'count:advance': (actor: Actor) => keepsStock(actor) || hasRole(actor, 'technician', 'pharmacist'),
  'loss-case:view': (actor: Actor) => hasRole(actor, 'pharmacist-in-charge', 'compliance'),
  'temperature:view': isStaff,
  'temperature:record': (actor: Actor) => keepsStock(actor) || isSystem(actor),
  'partner:view': isStaff,
  'partner:keep': answerable,
  'suspect:view': keepsOrAnswers,
  'suspect:keep': keepsOrAnswers,
  'product:trace': keepsOrAnswers,
  'purchase:view': isStaff,
  'purchase:keep': keepsStock,
  'controlled-inventory:record': keepsStock,
  'destruction:advance': (actor: Actor) => keepsStock(actor) || hasRole(actor, 'pharmacist'),
  'device:ask': isSystem,
  'device:load': (actor: Actor) => keepsStock(actor) || hasRole(actor, 'technician', 'pharmacist'),
  'hold:view': isStaff,
  'hold:extend': (actor: Actor) => hasRole(actor, 'inventory', 'pharmacist', 'pharmacist-in-charge', 'system'),
  'recall:view': tracesRecalls,
  'recall:open': keepsStock,
  'recall:notify': isSystem,
  'recall-notice:view': (actor: Actor, notice: RecallNotice) => tracesRecalls(actor) || hasRole(actor, 'support') || ownNotice(actor, notice),
  'recall-notice:answer': (actor: Actor, notice: RecallNotice) => hasRole(actor, 'inventory', 'pharmacist', 'pharmacist-in-charge', 'support') || ownNotice(actor, notice),
})
