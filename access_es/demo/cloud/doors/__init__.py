"""Amazon's front doors to a Lambda function: what each makes of a request, and of the function's answer."""
