import type { Template } from '../entities/notification.ts'

type Text = { subject: string; text: string }

/**
 * What patients read on a lock screen or an open mailbox: never a drug, a diagnosis, a prescriber or a name, so that
 * the message itself tells nothing about anybody's health (45 CFR 164.502(b), minimum necessary).
 */
const texts: Record<string, Record<Template, Text>> = {
  en: {
    PAYMENT_AUTHORIZED: { subject: 'We are preparing your order', text: 'We received your order and are preparing it. Sign in to see the details.' },
    BACKORDERED: { subject: 'Your order is delayed', text: 'Part of your order is not in stock at the moment. Sign in to see what you can do.' },
    REJECTED: { subject: 'Your order needs your attention', text: 'We could not accept your order. Sign in to see why and what you can do.' },
    CANCELLED: { subject: 'Your order was cancelled', text: 'Your order was cancelled. You are not charged for what was not sent. Sign in to see the details.' },
    OUT_FOR_DELIVERY: { subject: 'Your parcel is on its way', text: 'Your parcel is out for delivery today. Sign in to follow it.' },
    DELIVERED: { subject: 'Your parcel was delivered', text: 'Your parcel was delivered. If you do not have it, please contact us.' },
    ATTEMPT_FAILED: { subject: 'We missed you', text: 'We could not deliver your parcel today. Sign in to see what happens next.' },
  },
  es: {
    PAYMENT_AUTHORIZED: { subject: 'Estamos preparando su pedido', text: 'Recibimos su pedido y lo estamos preparando. Inicie sesión para ver los detalles.' },
    BACKORDERED: { subject: 'Su pedido se retrasa', text: 'Una parte de su pedido no está disponible en este momento. Inicie sesión para ver sus opciones.' },
    REJECTED: { subject: 'Su pedido requiere su atención', text: 'No pudimos aceptar su pedido. Inicie sesión para ver el motivo y sus opciones.' },
    CANCELLED: { subject: 'Su pedido fue cancelado', text: 'Su pedido fue cancelado. No se le cobra lo que no se envió. Inicie sesión para ver los detalles.' },
    OUT_FOR_DELIVERY: { subject: 'Su paquete está en camino', text: 'Su paquete se entrega hoy. Inicie sesión para seguirlo.' },
    DELIVERED: { subject: 'Su paquete fue entregado', text: 'Su paquete fue entregado. Si no lo tiene, póngase en contacto con nosotros.' },
    ATTEMPT_FAILED: { subject: 'No pudimos entregar su paquete', text: 'Hoy no pudimos entregar su paquete. Inicie sesión para ver los próximos pasos.' },
  },
}

/** In the patient's language where we have it, else in English. */
export const textOf = (template: Template, language: string): Text => (texts[language.slice(0, 2).toLowerCase()] ?? texts['en']!)[template]
