using global::Amqp.Handler;
using EventId = global::Amqp.Handler.EventId;

namespace ModularDM.Hub.Local.Amqp;

/// <summary>One of the common SDKs reads the tag of a delivery as an id of 16 bytes; the library's own are shorter.</summary>
internal sealed class DeliveryTags : IHandler
{
    public bool CanHandle(EventId id) => id == EventId.SendDelivery;

    public void Handle(Event protocolEvent)
    {
        if (protocolEvent.Context is IDelivery delivery)
        {
            delivery.Tag = Guid.NewGuid().ToByteArray();
        }
    }
}
