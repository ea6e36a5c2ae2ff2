namespace Roost.Tests.Conformance;

/// <summary>What tests of streams have in common: what is read of the one item.</summary>
internal abstract class StreamFixture(StoreHost host) : OneStepFixture(host)
{
    private protected const string Tokens = "tokens";

    /// <summary>Nothing is written by a commit of its own within a test's time.</summary>
    private protected static RoostOptions Lazy => new() { StreamFlushInterval = TimeSpan.FromMinutes(1) };

    private protected static RoostOptions Eager => new() { StreamFlushInterval = TimeSpan.FromMilliseconds(10) };

    private protected static async Task<string> TextAsync(RoostRuntime roost, string name = Tokens, long from = 0) =>
        string.Concat((await roost.ReadStreamAsync("it", name, from)).Pieces.Select(piece => piece.Text));

    private protected static async Task<StreamInfo> InfoAsync(RoostRuntime roost) => (await roost.ListStreamsAsync("it")).Items.Single();
}
