using System.Text.Json.Serialization;

namespace Roost.Tests.Shown;

internal sealed record Parcel(string Address);

internal sealed record ParcelState(Parcel Parcel, bool IsSent = false);

[JsonSerializable(typeof(Parcel))]
[JsonSerializable(typeof(ParcelState))]
internal sealed partial class AppJson : JsonSerializerContext;

internal sealed class ParcelEngine() : Engine<ParcelState>(AppJson.Default.ParcelState)
{
    public override string EngineId => "parcel";

    protected override ParcelState Init(WorkItem item) => new(item.PayloadAs(AppJson.Default.Parcel));

    protected override Task<Outcome> StepAsync(ParcelState state, StepContext context) => Task.FromResult(Done(state with { IsSent = true }));
}

/// <summary>Code that pages show: a program that may be published trimmed or by Native AOT.</summary>
internal static class TrimmedProgram
{
    public static async Task RunAsync(string file)
    {
        var options = new RoostOptions { Path = file, Json = new(RoostJson.Default) { TypeInfoResolver = AppJson.Default } };
        await using var roost = new RoostRuntime(options);
        roost.AddEngine(new ParcelEngine());
        string id = await roost.EnqueueAsync(WorkItem.From("parcel", new Parcel("Main St 1"), AppJson.Default.Parcel));

        WorkSummary ended = await roost.RunUntilDoneAsync(id);

        ended.State.Should().Be(WorkState.Done);
    }
}
