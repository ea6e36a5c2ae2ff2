using Microsoft.AspNetCore.Http.HttpResults;
using Roost.Cli.Console.Pages;

namespace Roost.Cli.Console;

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
        catch (Exception error) when (error is RoostException or BadHttpRequestException && !context.Response.HasStarted)
        {
            await AnswerAsync(context, StatusOf(error), error.Message).ConfigureAwait(false);
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            await System.Console.Error.WriteLineAsync($"{context.Request.Path}: {error}").ConfigureAwait(false);
            await AnswerAsync(context, StatusCodes.Status500InternalServerError, "The console has a defect; what happened is on the standard error of roost ui.").ConfigureAwait(false);
        }
    }

    private static Task AnswerAsync(HttpContext context, int status, string message)
    {
        context.Response.Headers.Remove("Content-Length");
        return new RazorComponentResult<Problem>(new { Message = message }) { StatusCode = status }.ExecuteAsync(context);
    }

    private static int StatusOf(Exception error) => error switch
    {
        NotFoundException => StatusCodes.Status404NotFound,
        InvalidInputException => StatusCodes.Status400BadRequest,
        ConflictException => StatusCodes.Status409Conflict,
        BadHttpRequestException bad => bad.StatusCode,
        FileBusyException or DiskFullException => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };
}
