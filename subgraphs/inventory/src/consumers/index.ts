import { dispenseRequested, fillMoved } from './devices.ts'
import { drugPublished } from './drug-published.ts'
import { fillReleased } from './fill-released.ts'
import { lineCancelled } from './line-cancelled.ts'
import { notificationSent } from './notification-sent.ts'
import { orderCancelled } from './order-cancelled.ts'
import { orderReleased } from './order-released.ts'
import { orderStatusChanged } from './order-status-changed.ts'
import { recallOpened } from './recall-opened.ts'
import { fillReturned, parcelReturned } from './returns.ts'
import { suspectCaseChanged } from './suspect-case-changed.ts'
import { stockRequested } from './stock-requested.ts'

export const consumers = [drugPublished, stockRequested, fillReleased, orderReleased, orderCancelled, lineCancelled, orderStatusChanged, recallOpened, notificationSent, suspectCaseChanged, fillReturned, parcelReturned, fillMoved, dispenseRequested]
