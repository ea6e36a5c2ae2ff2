using System.CommandLine;
using System.Globalization;

namespace Roost.Commands.Verbs;

/// <summary>Changes a work item's priority.</summary>
internal sealed class PriorityVerb : ChangeVerb
{
    private readonly Argument<int> priority;

    public PriorityVerb() : this(new Argument<int>("priority") { Description = "The new priority; higher runs first." }) { }

    private PriorityVerb(Argument<int> priority) : base("priority", "Change the priority of a work item.", priority) => this.priority = priority;

    protected override async Task<string> ChangeAsync(Call call, RoostRuntime roost, string workId)
    {
        int to = call.Get(priority);
        bool changed = await roost.SetPriorityAsync(workId, to, call.Reason);
        return string.Create(CultureInfo.InvariantCulture, $"priority {to}{(changed ? "" : " already")}");
    }
}
