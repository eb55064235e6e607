import { notFound } from '@pharmagraph/platform'
import { adjustInventory } from '../commands/adjust-inventory.ts'
import { changeLotStatus } from '../commands/change-lot-status.ts'
import { answerRecallNotice, closeRecall } from '../commands/answer-recall-notice.ts'
import { advanceCount, advanceLossCase, requestCount } from '../commands/count-stock.ts'
import { advanceDestruction, proposeDestruction } from '../commands/destroy-lot.ts'
import { loadDevice } from '../commands/dispense-by-device.ts'
import { extendHold } from '../commands/extend-hold.ts'
import { recallLots } from '../commands/recall-lots.ts'
import { receiveScan } from '../commands/receive-scan.ts'
import { recordLotCost } from '../commands/record-lot-cost.ts'
import { receiveStock } from '../commands/receive-stock.ts'
import type { Lot } from '../entities/lot.ts'
import { recordControlledInventory } from '../commands/record-controlled-inventory.ts'
import { recordTemperatures } from '../commands/record-temperatures.ts'
import { advancePurchaseOrder, draftPurchaseOrder } from '../commands/purchase-orders.ts'
import { advanceSuspectCase, reportSuspect, verifyPackage } from '../commands/suspect-product.ts'
import { changeTradingPartner, registerTradingPartner } from '../commands/trading-partners.ts'
import { transferStock } from '../commands/transfer-stock.ts'
import type { Recall } from '../entities/recall.ts'
import type { MutationResolvers } from '../generated/resolvers.ts'

const payload = (lot: Lot) => ({ __typename: 'LotPayload' as const, lot })

const recalled = (recall: Recall) => ({ __typename: 'RecallPayload' as const, recall })

export const mutationResolvers: MutationResolvers = {
  recordLotCost: async (_source, { input }, { actor, transact }) => payload(await transact((em) => recordLotCost(em, actor, input))),
  receiveStock: async (_source, { input }, { actor, transact }) => payload((await transact((em) => receiveStock(em, actor, [input])))[0]!),
  adjustInventory: async (_source, { input }, { actor, transact }) => payload(await transact((em) => adjustInventory(em, actor, input))),
  changeLotStatus: async (_source, { input }, { actor, transact }) => payload(await transact((em) => changeLotStatus(em, actor, input))),
  recallLots: async (_source, { input }, { actor, transact }) => recalled(await transact((em) => recallLots(em, actor, input))),
  closeRecall: async (_source, { recallId }, { actor, transact }) => recalled(await transact((em) => closeRecall(em, actor, recallId))),
  answerRecallNotice: async (_source, { input }, { actor, transact }) => ({ __typename: 'RecallNoticePayload', notice: await transact((em) => answerRecallNotice(em, actor, input)) }),
  receiveScan: async (_source, { input }, { actor, transact }) => payload(await transact((em) => receiveScan(em, actor, input))),
  transferStock: async (_source, { input }, { actor, transact }) => ({ __typename: 'TransferPayload', ...(await transact((em) => transferStock(em, actor, input))) }),
  requestCount: async (_source, { lotId }, { actor, transact }) => ({ count: await transact((em) => requestCount(em, actor, lotId)) }),
  advanceCount: async (_source, { input }, { actor, transact }) => ({ __typename: 'StockCountPayload', count: await transact((em) => advanceCount(em, actor, input)) }),
  advanceLossCase: async (_source, { input }, { actor, transact }) => ({ __typename: 'LossCasePayload', lossCase: await transact((em) => advanceLossCase(em, actor, input)) }),
  recordTemperatures: async (_source, { input }, { actor, transact }) => ({ __typename: 'ColdChainPayload', report: await transact((em) => recordTemperatures(em, actor, input)) }),
  registerTradingPartner: async (_source, { input }, { actor, transact }) => ({ __typename: 'TradingPartnerPayload', partner: await transact((em) => registerTradingPartner(em, actor, input)) }),
  changeTradingPartner: async (_source, { input }, { actor, transact }) => ({ __typename: 'TradingPartnerPayload', partner: await transact((em) => changeTradingPartner(em, actor, input)) }),
  loadDevice: async (_source, { input }, { actor, transact, services }) => {
    const device = services.devices.get(input.deviceId)
    if (!device) throw notFound('device')
    const { cassette, lot } = await transact((em) => loadDevice(em, actor, input))
    await device.load({ ndc: lot.ndc, lotNumber: lot.batchNumber, ...(input.serialNumber ? { serialNumber: input.serialNumber } : {}), units: cassette.units })
    return { __typename: 'DevicePayload', deviceId: cassette.deviceId, lot, units: cassette.units }
  },
  recordControlledInventory: async (_source, { input }, { actor, transact }) => ({ __typename: 'ControlledInventoryPayload', record: await transact((em) => recordControlledInventory(em, actor, input)) }),
  proposeDestruction: async (_source, { input }, { actor, transact }) => ({ __typename: 'DestructionPayload', destruction: await transact((em) => proposeDestruction(em, actor, input)) }),
  advanceDestruction: async (_source, { input }, { actor, transact }) => ({ __typename: 'DestructionPayload', destruction: await transact((em) => advanceDestruction(em, actor, input)) }),
  reportSuspect: async (_source, report, { actor, transact }) => ({ __typename: 'SuspectCasePayload', suspectCase: await transact((em) => reportSuspect(em, actor, report)) }),
  verifySuspectPackage: async (_source, verified, { actor, transact }) => ({ __typename: 'SuspectCasePayload', suspectCase: await transact((em) => verifyPackage(em, actor, verified)) }),
  advanceSuspectCase: async (_source, { input }, { actor, transact }) => ({ __typename: 'SuspectCasePayload', suspectCase: await transact((em) => advanceSuspectCase(em, actor, input)) }),
  draftPurchaseOrder: async (_source, { input }, { actor, transact }) => ({ __typename: 'PurchaseOrderPayload', purchaseOrder: await transact((em) => draftPurchaseOrder(em, actor, input)) }),
  advancePurchaseOrder: async (_source, { input }, { actor, transact }) => ({ __typename: 'PurchaseOrderPayload', purchaseOrder: await transact((em) => advancePurchaseOrder(em, actor, input)) }),
  extendHold: async (_source, { input }, { actor, transact }) => ({ __typename: 'ReservationPayload', reservation: await transact((em) => extendHold(em, actor, input)) }),
}
