import { erasePatient } from './erase-patient.ts'
import { deviceConsumers } from './devices.ts'
import { factConsumers } from './facts.ts'
import { intakeConsumers } from './intake.ts'
import { networkConsumers } from './network.ts'
import { orderConsumers } from './orders.ts'
import { pdmpConsumers } from './pdmp.ts'
import { recallConsumers } from './recalls.ts'
import { renewalConsumers } from './renewals.ts'

export const consumers = [
  ...factConsumers, ...intakeConsumers, ...orderConsumers, ...networkConsumers, ...pdmpConsumers, ...recallConsumers, ...deviceConsumers, ...renewalConsumers, erasePatient,
]
