using Microsoft.Extensions.Time.Testing;

namespace Roost.Tests.Support;

/// <summary>Eight items of two engines that failed, a minute apart: the first three alike, two that gave up alike, and three by themselves.</summary>
internal static class FailedItems
{
    /// <summary>Lets them fail, in a runtime with engines a and b that tries each once.</summary>
    public static async Task<RoostRuntime> MakeAsync(RoostRuntime roost, FakeTimeProvider clock)
    {
        foreach (string id in (string[])["a-1", "a-2", "a-3", "a-other", "a-argument", "a-gave-up-1", "a-gave-up-2", "b-1"])
        {
            await roost.EnqueueAsync(new WorkItem(id[..1]) { Id = id });
            await roost.RunUntilIdleAsync();
            clock.Advance(TimeSpan.FromMinutes(1));
        }
        return roost;
    }

    public static ScriptedEngine Engine(string name) => ScriptedEngine.From((_, context) => context.Item.Id switch
    {
        "a-other" => throw new IOException("line 4 is bad", new FormatException("but otherwise")),
        "a-argument" => throw new ArgumentException("line 5 is bad"),
        ['a', '-', 'g', .., var last] => ScriptedEngine.GiveUp($"page {last} is gone"),
        _ => throw new IOException("See the inner exception", new FormatException($"line {context.Item.Id[^1]} is bad")),
    }, name);
}
