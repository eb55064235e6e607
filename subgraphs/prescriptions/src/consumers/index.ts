import { factConsumers } from './facts.ts'
import { intakeConsumers } from './intake.ts'
import { orderConsumers } from './orders.ts'

export const consumers = [...factConsumers, ...intakeConsumers, ...orderConsumers]
