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
    MESSAGE: { subject: 'You have a new message', text: 'You have a new message. Sign in to read it.' },
    RECALL: { subject: 'Please read a safety notice', text: 'There is a safety notice about an item that we sent you. Please sign in, read it today and confirm that you have.' },
    DUE_SOON: { subject: 'Time to order again', text: 'Something you receive from us may run out within days. Sign in to order in time.' },
    REFILL_READY: { subject: 'You can order again', text: 'What you asked for can be ordered now. Sign in to order it.' },
    REFILL_DECLINED: { subject: 'Your request needs your attention', text: 'We could not do what you asked for. Sign in to see why and what you can do.' },
    ORDER_CHANGED: { subject: 'Your order has changed', text: 'Something in your order has changed. You are not charged for what is not sent. Sign in to see what and why.' },
    AUTO_ORDER_PLANNED: { subject: 'Your next order is planned', text: 'We will soon place your next order, as you asked us to. Sign in to see when, or to change or skip it before that.' },
    AUTO_ORDER_ASKS: { subject: 'We need your answer', text: 'We have not placed your next order by ourselves. Sign in to see why and to decide.' },
    AUTO_ORDER_UNPAID: { subject: 'Your payment did not go through', text: 'We could not charge your card for your next order. Sign in to pay another way before it ends.' },
    EMERGENCY_ACCESS: { subject: 'Your record was opened in an emergency', text: 'Somebody opened your record in an emergency. Sign in to see who and why. If this was not right, please tell us.' },
  },
  es: {
    PAYMENT_AUTHORIZED: { subject: 'Estamos preparando su pedido', text: 'Recibimos su pedido y lo estamos preparando. Inicie sesión para ver los detalles.' },
    BACKORDERED: { subject: 'Su pedido se retrasa', text: 'Una parte de su pedido no está disponible en este momento. Inicie sesión para ver sus opciones.' },
    REJECTED: { subject: 'Su pedido requiere su atención', text: 'No pudimos aceptar su pedido. Inicie sesión para ver el motivo y sus opciones.' },
    CANCELLED: { subject: 'Su pedido fue cancelado', text: 'Su pedido fue cancelado. No se le cobra lo que no se envió. Inicie sesión para ver los detalles.' },
    OUT_FOR_DELIVERY: { subject: 'Su paquete está en camino', text: 'Su paquete se entrega hoy. Inicie sesión para seguirlo.' },
    DELIVERED: { subject: 'Su paquete fue entregado', text: 'Su paquete fue entregado. Si no lo tiene, póngase en contacto con nosotros.' },
    ATTEMPT_FAILED: { subject: 'No pudimos entregar su paquete', text: 'Hoy no pudimos entregar su paquete. Inicie sesión para ver los próximos pasos.' },
    MESSAGE: { subject: 'Tiene un mensaje nuevo', text: 'Tiene un mensaje nuevo. Inicie sesión para leerlo.' },
    RECALL: { subject: 'Lea un aviso de seguridad', text: 'Hay un aviso de seguridad sobre un artículo que le enviamos. Inicie sesión, léalo hoy y confirme que lo ha leído.' },
    DUE_SOON: { subject: 'Es hora de volver a pedir', text: 'Algo que recibe de nosotros puede terminarse en unos días. Inicie sesión para pedirlo a tiempo.' },
    REFILL_READY: { subject: 'Ya puede volver a pedir', text: 'Lo que solicitó ya se puede pedir. Inicie sesión para pedirlo.' },
    REFILL_DECLINED: { subject: 'Su solicitud requiere su atención', text: 'No pudimos hacer lo que solicitó. Inicie sesión para ver el motivo y sus opciones.' },
    ORDER_CHANGED: { subject: 'Su pedido ha cambiado', text: 'Algo en su pedido ha cambiado. No se le cobra lo que no se envía. Inicie sesión para ver qué y por qué.' },
    AUTO_ORDER_PLANNED: { subject: 'Su próximo pedido está previsto', text: 'Pronto haremos su próximo pedido, como nos indicó. Inicie sesión para ver cuándo, o para cambiarlo u omitirlo antes.' },
    AUTO_ORDER_ASKS: { subject: 'Necesitamos su respuesta', text: 'No hemos hecho su próximo pedido por nuestra cuenta. Inicie sesión para ver el motivo y decidir.' },
    AUTO_ORDER_UNPAID: { subject: 'Su pago no se realizó', text: 'No pudimos cobrar su próximo pedido a su tarjeta. Inicie sesión para pagar de otra forma antes de que termine.' },
    EMERGENCY_ACCESS: { subject: 'Su expediente se abrió en una emergencia', text: 'Alguien abrió su expediente en una emergencia. Inicie sesión para ver quién y por qué. Si no fue correcto, avísenos.' },
  },
  zh: {
    PAYMENT_AUTHORIZED: { subject: '我们正在准备您的订单', text: '我们已收到您的订单，正在准备。请登录查看详情。' },
    BACKORDERED: { subject: '您的订单有延迟', text: '您订单中的部分物品暂时缺货。请登录查看可选的处理方式。' },
    REJECTED: { subject: '您的订单需要您处理', text: '我们无法接受您的订单。请登录查看原因和处理方式。' },
    CANCELLED: { subject: '您的订单已取消', text: '您的订单已取消。未寄出的部分不会收费。请登录查看详情。' },
    OUT_FOR_DELIVERY: { subject: '您的包裹正在派送', text: '您的包裹今天派送。请登录跟踪。' },
    DELIVERED: { subject: '您的包裹已送达', text: '您的包裹已送达。如果没有收到，请与我们联系。' },
    ATTEMPT_FAILED: { subject: '我们未能送达', text: '今天我们未能送达您的包裹。请登录查看后续安排。' },
    MESSAGE: { subject: '您有一条新消息', text: '您有一条新消息。请登录阅读。' },
    RECALL: { subject: '请阅读安全通知', text: '我们寄给您的一件物品有安全通知。请今天登录阅读，并确认您已阅读。' },
    DUE_SOON: { subject: '该再次订购了', text: '我们寄给您的物品可能几天内用完。请登录及时订购。' },
    REFILL_READY: { subject: '您可以再次订购', text: '您申请的物品现在可以订购。请登录订购。' },
    REFILL_DECLINED: { subject: '您的申请需要您处理', text: '我们无法办理您的申请。请登录查看原因和处理方式。' },
    ORDER_CHANGED: { subject: '您的订单有变动', text: '您的订单有变动。未寄出的部分不会收费。请登录查看变动内容和原因。' },
    AUTO_ORDER_PLANNED: { subject: '您的下一份订单已安排', text: '我们将按您的要求很快下下一份订单。请登录查看时间，或在此之前更改或跳过。' },
    AUTO_ORDER_ASKS: { subject: '请您决定', text: '我们没有自动下您的下一份订单。请登录查看原因并作出决定。' },
    AUTO_ORDER_UNPAID: { subject: '付款未成功', text: '我们未能从您的卡上收取下一份订单的款项。请登录，在订单结束前用其他方式付款。' },
    EMERGENCY_ACCESS: { subject: '您的记录在紧急情况下被查看', text: '有人在紧急情况下查看了您的记录。请登录查看是谁以及原因。如有不妥，请告诉我们。' },
  },
  vi: {
    PAYMENT_AUTHORIZED: { subject: 'Chúng tôi đang chuẩn bị đơn hàng của quý vị', text: 'Chúng tôi đã nhận đơn hàng và đang chuẩn bị. Vui lòng đăng nhập để xem chi tiết.' },
    BACKORDERED: { subject: 'Đơn hàng của quý vị bị chậm', text: 'Một phần đơn hàng hiện không có sẵn. Vui lòng đăng nhập để xem các lựa chọn.' },
    REJECTED: { subject: 'Đơn hàng cần quý vị xem lại', text: 'Chúng tôi không thể nhận đơn hàng này. Vui lòng đăng nhập để xem lý do và cách xử lý.' },
    CANCELLED: { subject: 'Đơn hàng đã bị hủy', text: 'Đơn hàng đã bị hủy. Quý vị không bị tính tiền cho phần chưa gửi. Vui lòng đăng nhập để xem chi tiết.' },
    OUT_FOR_DELIVERY: { subject: 'Bưu kiện đang trên đường đến', text: 'Bưu kiện được giao hôm nay. Vui lòng đăng nhập để theo dõi.' },
    DELIVERED: { subject: 'Bưu kiện đã được giao', text: 'Bưu kiện đã được giao. Nếu chưa nhận được, vui lòng liên hệ với chúng tôi.' },
    ATTEMPT_FAILED: { subject: 'Chúng tôi chưa giao được', text: 'Hôm nay chúng tôi chưa giao được bưu kiện. Vui lòng đăng nhập để xem bước tiếp theo.' },
    MESSAGE: { subject: 'Quý vị có tin nhắn mới', text: 'Quý vị có tin nhắn mới. Vui lòng đăng nhập để đọc.' },
    RECALL: { subject: 'Vui lòng đọc thông báo an toàn', text: 'Có thông báo an toàn về một món chúng tôi đã gửi cho quý vị. Vui lòng đăng nhập, đọc trong hôm nay và xác nhận đã đọc.' },
    DUE_SOON: { subject: 'Đã đến lúc đặt lại', text: 'Món quý vị nhận từ chúng tôi có thể hết trong vài ngày tới. Vui lòng đăng nhập để đặt kịp thời.' },
    REFILL_READY: { subject: 'Quý vị có thể đặt lại', text: 'Món quý vị yêu cầu nay có thể đặt. Vui lòng đăng nhập để đặt.' },
    REFILL_DECLINED: { subject: 'Yêu cầu cần quý vị xem lại', text: 'Chúng tôi không thể thực hiện yêu cầu. Vui lòng đăng nhập để xem lý do và cách xử lý.' },
    ORDER_CHANGED: { subject: 'Đơn hàng của quý vị đã thay đổi', text: 'Có thay đổi trong đơn hàng. Quý vị không bị tính tiền cho phần không gửi. Vui lòng đăng nhập để xem thay đổi và lý do.' },
    AUTO_ORDER_PLANNED: { subject: 'Đơn hàng tiếp theo đã được lên lịch', text: 'Chúng tôi sẽ sớm đặt đơn hàng tiếp theo như quý vị yêu cầu. Vui lòng đăng nhập để xem ngày, hoặc thay đổi hay bỏ qua trước đó.' },
    AUTO_ORDER_ASKS: { subject: 'Chúng tôi cần quý vị trả lời', text: 'Chúng tôi chưa tự đặt đơn hàng tiếp theo. Vui lòng đăng nhập để xem lý do và quyết định.' },
    AUTO_ORDER_UNPAID: { subject: 'Thanh toán chưa thành công', text: 'Chúng tôi không thể thu tiền đơn hàng tiếp theo qua thẻ của quý vị. Vui lòng đăng nhập để thanh toán cách khác trước khi đơn kết thúc.' },
    EMERGENCY_ACCESS: { subject: 'Hồ sơ của quý vị đã được mở trong trường hợp khẩn cấp', text: 'Có người đã mở hồ sơ của quý vị trong trường hợp khẩn cấp. Vui lòng đăng nhập để xem ai và lý do. Nếu không đúng, xin báo cho chúng tôi.' },
  },
}

/** In the patient's language where we have it, else in English. */
export const textOf = (template: Template, language: string): Text => (texts[language.slice(0, 2).toLowerCase()] ?? texts['en']!)[template]
