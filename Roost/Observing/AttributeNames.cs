namespace Roost.Observing;

/// <summary>
/// The attributes of spans and measurements: OpenTelemetry's for messaging where it has one, else Roost's own. docs/telemetry.md says what each means.
/// </summary>
internal static class AttributeNames
{
    public const string System = "messaging.system";
    public const string OperationName = "messaging.operation.name";
    public const string OperationType = "messaging.operation.type";
    public const string Queue = "messaging.destination.name";
    public const string MessageId = "messaging.message.id";
    public const string BatchCount = "messaging.batch.message_count";
    public const string ErrorType = "error.type";

    public const string File = "roost.file";
    public const string WorkId = "roost.work_id";
    public const string Engine = "roost.engine";
    public const string Version = "roost.version";
    public const string Attempt = "roost.attempt";
    public const string Interruptions = "roost.interruptions";
    public const string Step = "roost.step";
    public const string Outcome = "roost.outcome";
    public const string Wake = "roost.wake";
    public const string Signal = "roost.signal";
    public const string Ask = "roost.ask_id";
    public const string Effect = "roost.effect";
    public const string Created = "roost.created";
    public const string Origin = "roost.origin";
    public const string State = "roost.state";
    public const string Reason = "roost.reason";
    public const string Cause = "roost.cause";
    public const string Condition = "roost.condition";
}
