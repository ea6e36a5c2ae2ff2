using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.HttpResults;
using Roost.AspNetCore.Input;
using Roost.AspNetCore.Pages;

namespace Roost.AspNetCore;

/// <summary>Turns what Roost throws into a page with the status that fits.</summary>
internal static class Problems
{
    public static async Task CatchAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The browser has gone on to another page.
        }
        catch (Exception error)
            when (error is RoostException or UsageException or BadHttpRequestException or AntiforgeryValidationException && !context.Response.HasStarted)
        {
            await AnswerAsync(context, StatusOf(error), CommandWords.Of(error)).ConfigureAwait(false);
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            ConsoleMount mount = ConsoleMount.Of(context);
            await mount.ReportAsync(context, error).ConfigureAwait(false);
            await AnswerAsync(context, StatusCodes.Status500InternalServerError, $"The console has a defect; what happened is {mount.ReportedTo}.")
                .ConfigureAwait(false);
        }
    }

    private static async Task AnswerAsync(HttpContext context, int status, string message)
    {
        IServiceProvider before = context.RequestServices;
        AsyncServiceScope scope = before.CreateAsyncScope(); // A renderer draws one page: that of the request may have begun its own.
        await using (scope.ConfigureAwait(false))
        {
            context.RequestServices = scope.ServiceProvider;
            context.Response.Clear();
            SecurityHeaders.Set(context.Response.Headers);
            await new RazorComponentResult<Problem>(
                new { Title = status == StatusCodes.Status404NotFound ? "Not found" : "This did not work", Message = message }
            )
            {
                StatusCode = status,
            }
                .ExecuteAsync(context)
                .ConfigureAwait(false);
            context.RequestServices = before;
        }
    }

    private static int StatusOf(Exception error) => error switch
    {
        NotFoundException => StatusCodes.Status404NotFound,
        InvalidInputException or UsageException or AntiforgeryValidationException => StatusCodes.Status400BadRequest,
        ConflictException => StatusCodes.Status409Conflict,
        BadHttpRequestException bad => bad.StatusCode,
        FileBusyException or DiskFullException => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };
}
